/**
 * The acquisition brokers and gateways in `makai status --cluster`, with a real nats-server: brokers in this process and one as a process, which is killed.
 * A look by the command takes seconds, longer than some states last: what must be seen quickly is read here, over one connection.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../common/log.js';
import { exampleConfig } from '../../config/example.js';
import { configFileIn } from '../../config/locate.js';
import { Standby } from '../../gateway/standby/standby.js';
import { subjectOf } from '../../nats/broker-bus.js';
import { encodeReply, readBrokers } from '../../nats/broker-overview.js';
import { newMember } from '../../nats/lease-table.js';
import { connectOnce, type NatsConnection } from '../../nats/link.js';
import type { Overview } from '../../nats/overview.js';
import { Pair } from '../acquisition-broker/cluster/pair.js';
import { deploy } from '../acquisition-broker/process.js';
import { FakeClient } from '../acquisition-broker/rig.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until, untilEqual } from '../support/until.js';
import { BatchWriter } from '../triggering-service/batch-writer.js';
import { makai } from './run-process.js';

type Shown = Overview & { wrong: string[] };

const PLAIN = { credentials: undefined, user: undefined, passwordFile: undefined, tls: undefined };

describe('cli: acquisition brokers and gateways of a cluster', function () {
  this.timeout(300_000);
  const binary = givenNats();
  let folder: string;
  let server: NatsServer;
  let connection: NatsConnection;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-brokers-'));
    server = await NatsServer.start(binary());
    // The measurements are not what this is about: their stream is there.
    await (await BatchWriter.open(server.url)).close();
    connection = await connectOnce({ servers: [server.url], ...PLAIN }, 'makai test');
    const settings = { ...exampleConfig('acquisition-broker'), nats: { servers: [server.url] } };
    writeFileSync(configFileIn(folder, 'acquisition-broker'), JSON.stringify(settings));
  });
  afterEach(async () => {
    await connection?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (...args: string[]) => makai(['status', '--cluster', '--dir', folder, ...args]);
  const overview = async (): Promise<Shown> => JSON.parse((await ask('--json')).stdout) as Shown;
  const wrong = async (): Promise<string[]> =>
    (await overview()).wrong.filter((line) => line !== 'no triggering service reads the stream');

  it('shows each broker with its boxes and open requests; what is wrong when some are gone', async () => {
    assert.equal((await overview()).acquisition, undefined);
    const third = await deploy([9], { nats: { servers: [server.url] }, identity: 'broker-c' });
    const pair = await Pair.start(server.url, [7, 1201]);
    const program = await third.start();
    try {
      pair.fakeBox(7, 3, pair.a);
      pair.fakeBox(1201, 2, pair.b);
      await until('all is shown', async () => {
        const brokers = (await overview()).acquisition?.brokers ?? [];
        const [a, b, c] = brokers;
        const has = (one: typeof a, dialect: string): boolean => one?.boxes[dialect]?.connections === 1;
        return brokers.length === 3 && has(a, 'box3') && has(b, 'box2') && c !== undefined;
      });
      await until('nothing is wrong with them', async () => (await wrong()).length === 0);
      // A broker that has no time to reply is left out of one look.
      await until('all are in the table', async () => {
        const { stdout } = await ask();
        assert.match(stdout, /\nacquisition broker +boxes +open requests +copies in NATS\n/);
        return /\nbroker-a +1 +0 +0\nbroker-b +1 +0 +0\nbroker-c +0 +0 +0\n/.test(stdout);
      });

      // Box 9 is nowhere: the request stays open, for a minute.
      const client = new FakeClient(third.endpoints);
      await client.connected();
      const endMs = Date.now() - 2000;
      await client.request({ startMs: endMs - 1000, endMs, boxIds: [9] });
      await client.evnew();
      client.close();
      await until('it has a copy', async () => {
        const [, , c] = (await readBrokers(connection))?.brokers ?? [];
        return c?.open_requests === 1 && c.copies === 1;
      });

      program.child.kill('SIGKILL');
      await program.end();
      await until('another one has its request', async () => {
        const { brokers, left_requests, silent } = (await readBrokers(connection)) ?? {};
        const open = brokers?.reduce((sum, one) => sum + one.open_requests, 0);
        return brokers?.length === 2 && silent?.length === 0 && left_requests === 0 && open === 1;
      });
    } finally {
      program.child.kill('SIGKILL');
      await program.end();
      await pair.stop();
      await third.remove();
    }
    const { code, stdout } = await ask();
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^WRONG {2}no acquisition broker with nats replied: nobody takes up 1 open request\n/m,
    );
    assert.match(stdout, /\n1 open request of brokers that are gone\n/);
  });

  it('says which broker does not reply, and who does not hear whom', async () => {
    const members = ['broker-a', 'broker-b', 'broker-c'].map(newMember);
    const [a = '', b = '', c = ''] = members;
    // Two that reply for as long as they are asked: a broker forgets one that was killed within seconds.
    for (const [name, member, hears] of [
      ['broker-a', a, [b, c]],
      ['broker-b', b, [c]],
    ] as const)
      connection.subscribe(subjectOf('overview'), {
        callback: (_error, message) => {
          message.respond(encodeReply({ name, member, boxes: {}, open_requests: 0, hears: [...hears] }));
        },
      });
    await connection.flush();
    await untilEqual(wrong, [
      'acquisition broker broker-c does not reply',
      'acquisition broker broker-b does not hear broker-a',
    ]);
  });

  it('shows the gateways that stand by', async () => {
    const gateways = ['gateway-1', 'gateway-2', 'gateway-3'].map(
      (name) =>
        new Standby({
          ...{ servers: { servers: [server.url], ...PLAIN }, name, log: silentLogger() },
          activate: async () => ({ stop: async () => undefined }),
        }),
    );
    // Whichever is elected: on a busy machine it may be another one meanwhile.
    const shown = async (): Promise<string[]> => {
      const { stdout } = await ask();
      const [, active = '', waiting = ''] = /\nactive gateway: (\S+); standing by: (.+)\n/.exec(stdout) ?? [];
      return [active, ...waiting.split(', ')].sort();
    };
    const [, second] = gateways;
    try {
      for (const one of gateways) one.start();
      await untilEqual(shown, ['gateway-1', 'gateway-2', 'gateway-3']);
      await second?.stop();
      await untilEqual(shown, ['gateway-1', 'gateway-3']);
    } finally {
      for (const one of gateways) await one.stop();
    }
  });
});
