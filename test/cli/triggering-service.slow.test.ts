/** `makai triggering-service` and `makai listen` as processes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XPublisher } from 'zeromq';
import { readStatus } from '../../daemon/status/client.js';
import { measurement, triggerMessage } from '../../proto/index.js';
import { RunningProgram } from './run-process.js';

interface Plugins {
  plugins: { plugin: string; state: string; measurements: number }[];
}

describe('cli: triggering-service and listen', () => {
  let folder: string;
  let publisher: XPublisher;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'makai-cli-'));
    publisher = new XPublisher({ linger: 0 });
    await publisher.bind('tcp://127.0.0.1:*');
  });
  afterEach(() => {
    publisher.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const two = (id: number, time: number, rms = 120) =>
    publisher.send([String(id), triggerMessage.encode({ id, time, frequency: 59.98, rms, thd: Number.NaN })]);

  /** Writes the service's file. @returns its path */
  function configured(fields: Record<string, unknown>): string {
    const file = join(folder, 'makai.conf');
    const common = {
      zmq_trigger_endpoint: publisher.lastEndpoint,
      zmq_acquisition_endpoint: 'tcp://127.0.0.1:9',
      store: `sqlite:${join(folder, 'makai.db')}`,
    };
    writeFileSync(file, JSON.stringify({ ...common, ...fields }));
    return file;
  }

  it("ends, and says why, when its store's thread ends", async function () {
    this.timeout(400_000);
    const file = configured({ status: 'off' });
    const preloaded = new URL('./fixtures/end-threads.js', import.meta.url).href;
    const program = new RunningProgram('cli/main.js', ['triggering-service', file], {
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${preloaded}`,
    });
    assert.match((await program.line()) ?? '', /"ready":"triggering-service"/);
    program.child.kill('SIGWINCH');
    const { code, stderr } = await program.end();
    assert.equal(code, 1);
    assert.match(stderr, /"level":60.*WORKER_EXITED/);
  });

  it('runs until SIGTERM and takes a plugin over by SIGHUP', async function () {
    this.timeout(400_000);
    const status = join(folder, 'status');
    const write = (plugins: object[]) => configured({ status: `unix:${status}`, identity: 'test', plugins });
    const file = write([{ path: 'print', print: false }]);
    const program = new RunningProgram('cli/main.js', ['triggering-service', file]);
    assert.match((await program.line()) ?? '', /"ready":"triggering-service"/);
    await publisher.receive();
    const plugins = async () => (await readStatus({ path: status })).details as unknown as Plugins;
    const until = async (condition: (found: Plugins['plugins']) => boolean) => {
      while (!condition((await plugins()).plugins)) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await until(([one]) => one?.plugin === 'print' && one.state === 'running');
    const script = join(folder, 'mine.mjs');
    writeFileSync(script, 'export default { name: "mine", processBatch() {} }');
    write([{ path: 'print', print: false }, { path: script }]);
    program.child.kill('SIGHUP');
    await until((found) => found.some((p) => p.plugin === 'mine' && p.state === 'running'));
    await two(1001, Date.now());
    await until((found) => found.every((p) => p.measurements === 1));
    program.child.kill('SIGTERM');
    const { code, stderr } = await program.end();
    assert.equal(code, 0, stderr);
  });

  it('prints the stream for people and for scripts', async () => {
    const endpoint = publisher.lastEndpoint ?? '';
    const listen = async (...args: string[]) => {
      const program = new RunningProgram('cli/main.js', ['listen', '--endpoint', endpoint, ...args]);
      for (;;) {
        const [message] = await publisher.receive();
        if (message?.[0] === 1) break;
      }
      const time = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
      await publisher.send(['7', 'no measurement']);
      await two(1001, time, 121.5);
      const metrics = { rms: { min: 100, max: 122, average: 120 }, other: { min: 1, max: 1, average: 1 } };
      await publisher.send(['0007', measurement.encode({ boxId: 7, timestampMs: time, metrics })]);
      return program.end();
    };
    const people = await listen('--count', '2');
    assert.equal(people.code, 0, people.stderr);
    assert.deepEqual(people.stdout.split('\n'), [
      ' 1001  2026-01-02T03:04:05.678Z  frequency 59.9800  voltage 121.500  thd invalid',
      '    7  2026-01-02T03:04:05.678Z  voltage 120.000 (100.000 to 122.000)',
      '',
    ]);
    assert.match(people.stderr, /7: not a measurement: malformed/);
    const scripts = await listen('--count', '1', '--json', '--boxes', '7,8');
    assert.deepEqual(JSON.parse(scripts.stdout), {
      box_id: '7',
      timestamp_ms: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      voltage: 120,
      extremes: { voltage: { min: 100, max: 122 } },
    });
  });
});
