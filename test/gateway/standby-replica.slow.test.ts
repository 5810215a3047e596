/** The copy of a gateway's state in a real NATS: complete for whoever comes next, bounded, and closed to whoever was before. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { systemClock } from '../../common/clock.js';
import { silentLogger } from '../../common/log.js';
import { Replica } from '../../gateway/standby/replica.js';
import { openState, type State } from '../../gateway/state/state.js';
import { STATE_STREAM, StateLog } from '../../nats/state-log.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';

describe('gateway: the copy of its state in NATS', function () {
  this.timeout(300_000);
  const binary = givenNats();
  let server: NatsServer;
  let connection: NatsConnection;
  let folder: string;
  const ends: (() => Promise<void> | void)[] = [];

  beforeEach(async () => {
    server = await NatsServer.start(binary());
    connection = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    folder = mkdtempSync(join(tmpdir(), 'makai-replica-'));
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await connection.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  async function active(
    name: string,
    copyBytes?: number,
  ): Promise<{ replica: Replica; state: State; isReplaced(): boolean }> {
    let replaced = false;
    const replica = await Replica.open({
      ...{ log: await StateLog.open(connection, 1), name, clock: systemClock, logger: silentLogger() },
      onReplaced: () => {
        replaced = true;
      },
      ...(copyBytes === undefined ? {} : { copyBytes }),
    });
    ends.push(() => replica.stop());
    const state = openState(join(folder, name), 2 ** 26, {
      attach: (file, db) => replica.attach(file, db),
      flushed: () => replica.flushed(),
      mayAct: () => !replica.isOver,
    });
    ends.push(() => state.close());
    return { replica, state, isReplaced: () => replaced };
  }
  const put = (state: State, n: number, length = 10): void =>
    state.outbox.put([{ topic: `makai/${n}`, payload: 'x'.repeat(length), retain: false }], n);

  it('the first one brings what it has; the next one has what was flushed, and ends the writing of the one before', async () => {
    const own = openState(join(folder, 'a'), 2 ** 26);
    put(own, 1);
    own.close();
    const a = await active('a');
    for (let n = 2; n <= 50; n += 1) put(a.state, n);
    await a.replica.flushed();
    const b = await active('b');
    assert.deepEqual(
      b.state.outbox.oldest(100).map(({ topic }) => topic),
      Array.from({ length: 50 }, (_, i) => `makai/${i + 1}`),
    );
    put(a.state, 99);
    await assert.rejects(a.replica.flushed(), { code: 'STORE_UNAVAILABLE' });
    assert.ok(a.isReplaced());
    await assert.rejects(a.replica.flushed(), { code: 'STORE_UNAVAILABLE' }, 'also when nothing waits');
    put(b.state, 51);
    await b.replica.flushed();
    const c = await active('c');
    assert.deepEqual(c.state.outbox.oldest(100), b.state.outbox.oldest(100));
  });

  it('the log stays bounded, and what is copied is whole', async () => {
    const a = await active('a', 200_000);
    for (let n = 1; n <= 300; n += 1) {
      put(a.state, n, 5000);
      const [first] = a.state.outbox.oldest(1);
      if (first !== undefined && n > 3) a.state.outbox.remove(first);
      if (n % 20 === 0) await a.replica.flushed();
    }
    await a.replica.flushed();
    const manager = await jetstreamManager(connection);
    await until('what counts no more leaves the log', async () => {
      const { state } = await manager.streams.info(STATE_STREAM);
      return state.bytes < 600_000;
    });
    const b = await active('b');
    assert.deepEqual(b.state.outbox.oldest(9), a.state.outbox.oldest(9));
    assert.equal(b.state.outbox.status().messages, 3);
  });

  it('an outage of NATS delays it, a row may be longer than a message', async () => {
    const a = await active('a');
    await server.kill();
    put(a.state, 1, 3_000_000);
    const flushed = a.replica.flushed();
    await server.start();
    await flushed;
    const b = await active('b');
    assert.deepEqual(b.state.outbox.oldest(9), a.state.outbox.oldest(9));
  });

  it('nobody waits for NATS when it is not the active one any more', async () => {
    const a = await active('a');
    put(a.state, 1);
    const waits = a.replica.flushed();
    await a.replica.stop();
    await waits;
    await assert.rejects(a.replica.flushed(), { code: 'STORE_UNAVAILABLE' });
    const b = await active('b');
    await server.kill();
    put(b.state, 2);
    const flushed = b.replica.flushed();
    b.replica.giveUp();
    await assert.rejects(flushed, { code: 'STORE_UNAVAILABLE' });
    await assert.rejects(b.replica.flushed(), { code: 'STORE_UNAVAILABLE' });
    await b.replica.stop();
  });
});
