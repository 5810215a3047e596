/** A gateway becomes the active one and ceases to be it, with a real nats-server: whatever it waits for, it lets go of when its time is over. */
import assert from 'node:assert/strict';
import { connect } from '@nats-io/transport-node';
import type { Running } from '../../common/lifecycle.js';
import { silentLogger } from '../../common/log.js';
import { Standby } from '../../gateway/standby/standby.js';
import type { Shared } from '../../gateway/state/shared.js';
import { ensureStream } from '../../nats/stream.js';
import { DatabaseHandle } from '../../store/sqlite/handle.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';

describe('gateway: the active one', function () {
  this.timeout(300_000);
  const binary = givenNats();
  let server: NatsServer;
  const ends: (() => Promise<void> | void)[] = [];

  beforeEach(async () => {
    server = await NatsServer.start(binary());
    const connection = await connect({ servers: server.url });
    await ensureStream(connection, { replicas: 1, maxBytes: 2 ** 24, maxAgeMs: 3_600_000 });
    await connection.close();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await server.stop();
  });

  function standby(activate: (shared: Shared) => Promise<Running>): Standby {
    const servers = {
      ...{ servers: [server.url], credentials: undefined, user: undefined, passwordFile: undefined },
      tls: undefined,
    };
    const one = new Standby({ servers, name: 'a', activate, log: silentLogger() });
    ends.push(() => one.stop());
    one.start();
    return one;
  }

  it('goes on and stops although something waits for NATS, which is unavailable', async () => {
    let begins = 0;
    const refusals: unknown[] = [];
    const one = standby(async (shared) => {
      begins += 1;
      const db = new DatabaseHandle(':memory:');
      db.exec('CREATE TABLE t (k INTEGER PRIMARY KEY)');
      const detach = shared.attach('t', db);
      return {
        stop: async () => {
          db.exec('INSERT INTO t VALUES (1)');
          await shared.flushed().catch((error: unknown) => refusals.push(error));
          assert.ok(!shared.mayAct());
          detach();
          db.close();
        },
      };
    });
    await until('it is active', async () => begins > 0);
    // A machine that stands still for longer than the lease ends a time of it too: what counts is what comes next.
    const [begun, refused] = [begins, refusals.length];
    await server.kill();
    await until('it is not active any more', async () => refusals.length > refused);
    await server.start();
    await until('it is active again', async () => begins > begun);
    await server.kill();
    await one.stop();
    assert.ok(refusals.length >= refused + 2);
    for (const error of refusals) assert.equal((error as { code?: string }).code, 'STORE_UNAVAILABLE');
  });
});
