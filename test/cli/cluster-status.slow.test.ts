/** `makai status --cluster` with a real nats-server and two triggering services. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sharing } from '../../analysis-service/sharing/sharing.js';
import { silentLogger } from '../../common/log.js';
import { exampleConfig } from '../../config/example.js';
import { configFileIn } from '../../config/locate.js';
import type { Overview } from '../../nats/overview.js';
import { freePort } from '../support/free-port.js';
import { givenNats, NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';
import { BatchWriter } from '../triggering-service/batch-writer.js';
import { minute, ServiceRig } from '../triggering-service/rig.js';
import { makai } from './run-process.js';

const BOXES = Array.from({ length: 40 }, (_, i) => 1000 + i);

describe('cli: status of a cluster', function () {
  this.timeout(300_000);
  const binary = givenNats();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-cluster-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const settle = (url: string): void =>
    writeFileSync(
      configFileIn(folder, 'triggering-broker'),
      JSON.stringify({ ...exampleConfig('triggering-broker'), nats: { servers: [url] } }),
    );
  const ask = async (...args: string[]) => makai(['status', '--cluster', '--dir', folder, ...args]);
  type Shown = Overview & { wrong: string[] };
  const overview = async (): Promise<Shown> => JSON.parse((await ask('--json')).stdout) as Shown;
  /** Undefined while the servers elect a leader, or do not answer in time. */
  const overviewIfAny = async (): Promise<Shown | undefined> => {
    const { stderr, stdout } = await ask('--json');
    if (stdout !== '') return JSON.parse(stdout) as Shown;
    assert.match(stderr, /NATS_UNAVAILABLE/);
    return undefined;
  };
  /** What is printed once nothing is wrong: a lease may be lost for a moment on a busy machine. */
  const shownInOrder = async (...args: string[]): Promise<string> => {
    let text = '';
    await until('nothing is wrong', async () => {
      const { code, stdout } = await ask(...args);
      text = stdout;
      return code === 0;
    }).catch((error: unknown) => assert.fail(`${String(error)}\n${text}`));
    return text;
  };

  it('shows the stream, its services and what waits; what is wrong comes first', async () => {
    const server = await NatsServer.start(binary());
    settle(server.url);
    const rigs = [new ServiceRig(), new ServiceRig()];
    try {
      const empty = await ask();
      assert.equal(empty.code, 1);
      assert.match(empty.stdout, /^WRONG {2}the stream is not there/);

      const writer = await BatchWriter.open(server.url);
      await writer.write(BOXES, minute(1));
      const unread = await overview();
      const waiting = unread.partitions.filter((one) => one.waiting === 1).length;
      assert.ok(waiting > 20 && waiting === unread.stream?.batches, JSON.stringify(unread.stream));
      assert.deepEqual(unread.wrong, ['no triggering service reads the stream']);

      for (const rig of rigs) await rig.startWithout({ nats: { servers: [server.url] } });
      await until('both services have their half, and nothing waits', async () => {
        const found = await overviewIfAny();
        return (
          found?.wrong.length === 0 &&
          found.services.every((one) => one.partitions.length === 32) &&
          found.partitions.every((one) => one.waiting === 0 && one.unacknowledged === 0)
        );
      });
      const stdout = await shownInOrder('--all');
      assert.match(stdout, /^stream: \d+ batches, 0\.\d MB of 268\.4 MB, the oldest .+ old\nreplicas: 1/);
      assert.match(stdout, /\nservice +partitions +waiting +unacknowledged\n/);
      assert.equal(stdout.match(/^ +\d+ {2}\S.* 0 +0$/gm)?.length, 64, stdout);
      await writer.close();

      const none = { credentials: undefined, user: undefined, passwordFile: undefined, tls: undefined };
      const servers = { servers: [server.url], ...none };
      const sharing = new Sharing({ servers, service: 'analysis-1', log: silentLogger() });
      const nothing = (): void => undefined;
      sharing.start(
        { taken: nothing, released: async () => undefined, elected: nothing, lost: nothing },
        true,
      );
      try {
        await until('it has all boxes and is elected', async () => {
          const [{ elected, services } = { services: [] }] = (await overviewIfAny())?.followers ?? [];
          return elected === 'analysis-1' && services[0]?.partitions === 64;
        });
        assert.match(
          await shownInOrder(),
          /\nanalysis services: analysis-1 \(64 partitions\); groups and outages: analysis-1\n/,
        );
      } finally {
        await sharing.stop();
      }
      await until('what is wrong is said', async () => {
        const wrong = (await overviewIfAny())?.wrong;
        return wrong?.includes('no analysis service looks after groups and outages') === true;
      });
    } finally {
      for (const rig of rigs) await rig.end();
      await server.stop();
    }
  });

  it('says which NATS server is offline', async () => {
    const [first, ...others] = await NatsServer.cluster(binary(), 3);
    if (first === undefined) throw new Error('no server');
    settle(first.url);
    try {
      await until('the servers have a leader, and make the stream', async () => {
        const writer = await BatchWriter.open(first.url, {}, 3).catch(() => undefined);
        await writer?.close();
        return writer !== undefined;
      });
      await until('all three have it', async () => {
        const stream = (await overviewIfAny())?.stream;
        return stream?.servers.length === 3 && stream.servers.every(({ current }) => current);
      });
      await others[0]?.kill();
      const named = /^NATS server n2 is (offline|\d+ operations? behind)$/;
      await until('the one that is gone is named', async () =>
        Boolean((await overviewIfAny())?.wrong.some((line) => named.test(line))),
      );
    } finally {
      for (const server of [first, ...others]) await server.stop();
    }
  });

  it('says what to do where nothing is set, and where no server is there', async () => {
    writeFileSync(
      configFileIn(folder, 'triggering-broker'),
      JSON.stringify(exampleConfig('triggering-broker')),
    );
    const unset = await ask();
    assert.equal(unset.code, 1);
    assert.match(unset.stderr, /CONFIG_INVALID.*has the setting nats/s);
    settle(`nats://127.0.0.1:${await freePort()}`);
    const unavailable = await ask();
    assert.equal(unavailable.code, 1);
    assert.match(unavailable.stderr, /NATS_UNAVAILABLE/);
  });
});
