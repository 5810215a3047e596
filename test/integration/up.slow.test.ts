/** `makai up` as a process: its output for people and scripts, and its exit. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKAGE_ROOT } from '../../common/package-root.js';

interface Line {
  kind: string;
  pids?: Record<string, number>;
  boxes?: number;
  waveforms?: { box_id: string; rms_min: number }[];
}

describe('makai up', function () {
  this.timeout(400_000);
  let directory: string;
  let child: ChildProcess;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'makai-up-'));
  });

  afterEach(async () => {
    child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  /** Starts it and gives its lines; `until` reads on to the first that fits. */
  function up(): { until(fits: (line: Line) => boolean): Promise<Line> } {
    const entry = join(PACKAGE_ROOT, 'dist/cli/main.js');
    const args = ['up', '--json', '--boxes', '2', '--dir', directory];
    child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.ok(child.stdout !== null);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      until: async (fits) => {
        for (;;) {
          const { value, done } = await lines.next();
          if (done === true) throw new Error('makai up ended');
          const line = JSON.parse(value) as Line;
          if (fits(line)) return line;
        }
      },
    };
  }

  const gone = async (pids: readonly number[]): Promise<void> => {
    while (pids.some((pid) => existsSync(`/proc/${pid}`))) await sleep(50);
  };

  it('shows boxes and the sag of the demo, exits with 0 on Ctrl-C, and leaves no process behind', async () => {
    const { until } = up();
    const { pids } = await until(({ kind }) => kind === 'started');
    assert.deepEqual(Object.keys(pids ?? {}).sort(), [
      'acquisition-broker',
      'boxes',
      'triggering-broker',
      'triggering-service',
    ]);
    await until(({ kind, boxes }) => kind === 'status' && boxes === 2);
    const { waveforms } = await until(({ kind, waveforms: w }) => kind === 'event' && (w?.length ?? 0) > 0);
    assert.ok((waveforms?.[0]?.rms_min ?? 999) < 100);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    await gone(Object.values(pids ?? {}));
    for (const name of Object.keys(pids ?? {}))
      assert.doesNotMatch(await readFile(join(directory, 'log', `${name}.log`), 'utf8'), /"level":[56]0/);
  });

  it('takes its children along when it is killed, and starts again in the same folder', async () => {
    const first = await up().until(({ kind }) => kind === 'started');
    child.kill('SIGKILL');
    await gone(Object.values(first.pids ?? {}));
    const { until } = up();
    await until(({ kind, boxes }) => kind === 'status' && boxes === 2);
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });
});
