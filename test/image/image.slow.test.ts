/** The image: built from deploy/docker/Dockerfile, its daemons started as the compose file says, and a box's sag stored by them. */
import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KIND_NAMES } from '../../config/kinds.js';
import { attempt, run } from '../support/command.js';
import { missingForRoots } from '../support/debian-root.js';
import { until, untilEqual } from '../support/until.js';
import { makeBaseImages } from './base-images.js';
import { Buildah } from './buildah.js';
import { ChartRun, URI } from './chart-run.js';
import { type Line, type Running, runToEnd, settingsOf, start } from './service.js';

const IMAGE = 'opq-makai';
const BOX = '1001';
const STORE = ['--store', 'sqlite:/var/lib/opq/makai.db'];

describe('the image', function () {
  this.timeout(3_600_000);
  const folder = mkdtempSync(join(tmpdir(), 'makai-image-test-'));
  const network = `makai-image-${process.pid}`;
  const daemons: Running[] = [];
  let chart: ChartRun | undefined;
  let buildah: Buildah | undefined;
  let line: Line;
  let isBroken = false;

  before(async function () {
    const missing = await missingForRoots('buildah', 'systemd-nspawn', 'setpriv', 'ip');
    if (missing !== undefined) {
      process.stderr.write(`    skipped: no image can be built and started here: no ${missing}\n`);
      this.skip();
    }
    buildah = await Buildah.create();
    await makeBaseImages(buildah);
    await run(['ip', 'netns', 'add', network]);
    await run(['ip', '-n', network, 'link', 'set', 'lo', 'up']);
  });
  after(async () => {
    for (const { machine } of daemons) await machine.kill();
    await chart?.end();
    if (buildah === undefined) return;
    await buildah.remove();
    await attempt(['ip', 'netns', 'delete', network]);
    rmSync(folder, { recursive: true });
  });
  // Each test goes on from where the one before it ended.
  beforeEach(function () {
    if (isBroken) this.skip();
  });
  afterEach(function () {
    isBroken ||= this.currentTest?.state === 'failed';
  });

  it('is built', async () => {
    assert.ok(buildah !== undefined);
    await buildah.build(IMAGE);
    const config = await buildah.config(IMAGE);
    assert.deepEqual([config.User, config.Entrypoint], ['10001:10001', ['makai']]);
    const root = await buildah.mount(IMAGE);
    for (const path of ['dist/test', 'deploy/docker', 'node_modules/typescript'])
      assert.ok(!existsSync(join(root, 'opt/makai', path)), `${path} is in the image`);
    const [etc, state, logs] = ['etc', 'state', 'logs'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const path of [etc, state, logs]) {
      mkdirSync(path);
      chownSync(path, 10001, 10001);
    }
    line = { root, config, network, etc, state, logs };
  });

  it('makes keys as its own user', async () => {
    await runToEnd(line, 'server-key', ['keys', 'new-server'], { mayWriteKeys: true });
    await runToEnd(line, 'box-key', ['keys', 'new-box', BOX], { mayWriteKeys: true });
    const owner = await run([
      'stat',
      '--format=%u:%g %a',
      join(line.etc, 'curve/private_keys/opqserver_secret'),
    ]);
    assert.equal(owner, '10001:10001 600\n');
  });

  it('adds the first user, without whom the web service does not start', async () => {
    // With MongoDB there is nothing to make; a command makes no file.
    await runToEnd(line, 'store', ['store', 'init', ...STORE]);
    const added = await runToEnd(line, 'user', [
      'users',
      'add',
      'ada',
      '--role',
      'admin',
      '--generate',
      ...STORE,
    ]);
    assert.match(added, /^password: \S{10,}$/m);
  });

  it('starts the daemons, read-only and without capabilities, with the settings of the compose file', async () => {
    for (const kind of KIND_NAMES) {
      const daemon = start(line, kind, [kind], { env: settingsOf(kind) });
      daemons.push(daemon);
      await until(`the ${kind} is ready`, async () => {
        assert.ok(daemon.machine.isRunning, daemon.output());
        return daemon.output().includes('"ready"');
      });
    }
  });

  it("stores a box's sag with its waveform", async () => {
    const box = start(line, 'box', ['box', '--keys', '/etc/opq/curve', '--source', 'demo', '--for', '240']);
    daemons.push(box);
    let count = 0;
    await until('the sag is stored', async () => {
      assert.ok(box.machine.isRunning, box.output());
      count += 1;
      const text = await runToEnd(line, `events-${count}`, ['events', 'list', '--json', ...STORE]);
      return text
        .split('\n')
        .some((one) => one.includes('VOLTAGE_SAG') && one.includes(`"boxes_received":["${BOX}"]`));
    });
    await box.machine.kill();
  });

  it('ends with 0 when it is stopped', async () => {
    for (const [index, kind] of KIND_NAMES.entries()) {
      const daemon = daemons[index];
      assert.ok(daemon?.machine.leader !== undefined, `the ${kind} has ended: ${daemon?.output()}`);
      process.kill(daemon.machine.leader, 'SIGTERM');
      assert.equal(await daemon.machine.end(), 0, `${kind}: ${daemon.output()}`);
    }
  });

  it('runs each daemon as the chart for Kubernetes renders it: the probes are answered', async function () {
    chart = new ChartRun(line, join(folder, 'chart'));
    if (!(await chart.start())) this.skip();
    assert.equal(chart.pods.length, 6);
  });

  it('brings the measurements of a box to the triggering service of the chart, through its NATS', async function () {
    if (chart === undefined || chart.pods.length === 0) this.skip();
    const running = chart;
    const box = start(line, 'chart-box', running.boxArguments());
    daemons.push(box);
    await until('measurements are accepted', async () => {
      assert.ok(box.machine.isRunning, box.output());
      const { measurements, nats } = await running.statusOf('makai-triggering-service-0');
      return Number(measurements) > 0 && (nats as { partitions: number[] }).partitions.length === 64;
    });
    await until('the plugins that compare boxes have them too', async () => {
      const { nats } = await running.statusOf('makai-triggering-service-0');
      const { comparing } = nats as { comparing?: { elected: boolean; seconds: number } };
      return comparing?.elected === true && comparing.seconds > 0;
    });
    if (running.hasStore) {
      const stored = await runToEnd(line, 'measurements', ['measurements', BOX, '--json', '--store', URI]);
      assert.match(stored, new RegExp(`"box_id":"${BOX}"`));
    }
    await box.machine.kill();
    await running.stop();
  });

  it('runs several of each daemon as the chart renders them: the work is shared, and others stand by', async function () {
    if (chart === undefined || !chart.isPossible) this.skip();
    const running = chart;
    await running.startSeveral();
    assert.equal(running.pods.length, 12);
    const both = (name: string): Promise<Record<string, unknown>[]> =>
      Promise.all([0, 1].map((index) => running.statusOf(`makai-${name}-${index}`)));
    const partitions = async (name: string): Promise<number[]> =>
      (await both(name)).map(({ nats }) => (nats as { partitions: number[] }).partitions.length);
    for (const name of ['triggering-service', 'analysis-service'])
      if (name === 'triggering-service' || running.hasStore)
        await untilEqual(() => partitions(name), [32, 32]);
    await until('each acquisition broker hears the other', async () =>
      (await both('acquisition-broker')).every(
        ({ nats }) => (nats as { brokers: unknown[] }).brokers.length === 1,
      ),
    );
    await until('one gateway is active and hears both triggering brokers, the other stands by', async () => {
      const gateways = await both('gateway');
      const connected = gateways.map(
        ({ stream }) => (stream as { connected: number } | undefined)?.connected,
      );
      return connected.includes(2) && connected.includes(undefined);
    });
  });

  it('serves a box at the address that all boxes share, whichever pods its connections come to, and when one is gone', async function () {
    if (chart === undefined || !chart.isPossible) this.skip();
    const running = chart;
    let looks = 0;
    const waveforms = async (): Promise<number> => {
      looks += 1;
      const list = ['events', 'list', '--json', '--store', URI];
      const text = await runToEnd(line, `chart-events-${looks}`, list);
      return text.split(`"boxes_received":["${BOX}"]`).length - 1;
    };
    const before = running.hasStore ? await waveforms() : 0;
    const box = start(line, 'shared-box', running.boxArguments(true));
    daemons.push(box);
    const connected = async (name: string): Promise<number> =>
      ((await running.statusOf(`makai-${name}`)).boxes as { connected: number }).connected;
    await until('it is connected to the first triggering broker', async () => {
      assert.ok(box.machine.isRunning, box.output());
      return (await connected('triggering-broker-0')) === 1;
    });
    if (running.hasStore)
      await until('one more waveform of it is stored', async () => (await waveforms()) > before);
    const received = async (): Promise<number> => {
      const services = [0, 1].map((index) => running.statusOf(`makai-triggering-service-${index}`));
      return (await Promise.all(services)).reduce((sum, one) => sum + Number(one.measurements), 0);
    };
    await running.stop('makai-triggering-broker-0');
    await until(
      'it is connected to the second one',
      async () => (await connected('triggering-broker-1')) === 1,
    );
    const sum = await received();
    await until('its measurements go on', async () => (await received()) > sum);
    await box.machine.kill();
    await running.stop();
  });
});
