/** The acquisition brokers and gateways in `makai status --cluster`, with a real nats-server: brokers in this process and one as a process, which is killed. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../common/log.js';
import { exampleConfig } from '../../config/example.js';
import { configFileIn } from '../../config/locate.js';
import { Standby } from '../../gateway/standby/standby.js';
import type { Overview } from '../../nats/overview.js';
import { Pair } from '../acquisition-broker/cluster/pair.js';
import { deploy } from '../acquisition-broker/process.js';
import { FakeClient } from '../acquisition-broker/rig.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';
import { BatchWriter } from '../triggering-service/batch-writer.js';
import { makai } from './run-process.js';

type Shown = Overview & { wrong: string[] };

describe('cli: acquisition brokers and gateways of a cluster', function () {
  this.timeout(300_000);
  const binary = givenNats();
  let folder: string;
  let server: NatsServer;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-brokers-'));
    server = await NatsServer.start(binary());
    // The measurements are not what this is about: their stream is there.
    await (await BatchWriter.open(server.url)).close();
    const settings = { ...exampleConfig('acquisition-broker'), nats: { servers: [server.url] } };
    writeFileSync(configFileIn(folder, 'acquisition-broker'), JSON.stringify(settings));
  });
  afterEach(async () => {
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
      // Box 9 is nowhere: the request stays open.
      const client = new FakeClient(third.endpoints);
      await client.connected();
      const endMs = Date.now() - 2000;
      await client.request({ startMs: endMs - 1000, endMs, boxIds: [9] });
      await client.evnew();
      client.close();

      await until('all is shown', async () => {
        const brokers = (await overview()).acquisition?.brokers ?? [];
        const [a, b, c] = brokers;
        const has = (one: typeof a, dialect: string): boolean => one?.boxes[dialect]?.connections === 1;
        return brokers.length === 3 && has(a, 'box3') && has(b, 'box2') && c?.copies === 1;
      });
      await until('nothing is wrong with them', async () => (await wrong()).length === 0);
      const { stdout } = await ask();
      assert.match(stdout, /\nacquisition broker +boxes +open requests +copies in NATS\n/);
      assert.match(stdout, /\nbroker-a +1 +0 +0\nbroker-b +1 +0 +0\nbroker-c +0 +1 +1\n/);

      program.child.kill('SIGKILL');
      await program.end();
      await until('it is missed', async () =>
        (await wrong()).includes('acquisition broker broker-c does not reply'),
      );
      await until('another one has its request', async () => {
        const { brokers, left_requests, silent } = (await overview()).acquisition ?? {};
        const open = brokers?.reduce((sum, one) => sum + one.open_requests, 0);
        return brokers?.length === 2 && silent?.length === 0 && left_requests === 0 && open === 1;
      });
    } finally {
      program.child.kill('SIGKILL');
      await program.end();
      await pair.stop();
      await third.remove();
    }
    const lines = await wrong();
    assert.deepEqual(lines, ['no acquisition broker is there to take up 1 open request']);
    assert.match((await ask()).stdout, /\n1 open request of brokers that are gone: others take them up/);
  });

  it('shows the gateways that stand by', async () => {
    const none = { credentials: undefined, user: undefined, passwordFile: undefined, tls: undefined };
    const gateways = ['gateway-1', 'gateway-2', 'gateway-3'].map(
      (name) =>
        new Standby({
          ...{ servers: { servers: [server.url], ...none }, name, log: silentLogger() },
          activate: async () => ({ stop: async () => undefined }),
        }),
    );
    const [first, second, third] = gateways;
    try {
      first?.start();
      await until('it is elected', async () => first?.status().elected === true);
      second?.start();
      third?.start();
      await until('all are shown', async () => {
        const { stdout } = await ask();
        return /\nactive gateway: gateway-1; standing by: gateway-2, gateway-3\n/.test(stdout);
      });
      await second?.stop();
      assert.match((await ask()).stdout, /\nactive gateway: gateway-1; standing by: gateway-3\n/);
    } finally {
      for (const one of gateways) await one.stop();
    }
  });
});
