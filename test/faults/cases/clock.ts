/** The clock of the daemons' machine set back and forward under load (clock-shim.c in each daemon; the boxes keep the right time). */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import type { FaultCase } from '../case.js';
import { KINDS } from '../line.js';
import { course } from '../scenario.js';

/** s; measurements more than 5 min ahead of the daemons' clock or older than a day are refused, so the large steps shut boxes out. */
const STEPS = [30, -30, 3600, -3600, -86_400 * 2, 0];
const HOLD_MS = 3000;
/** Past the life of every measurement, and for longer than two daemons' sweeps are apart. */
const FORWARD = { seconds: 86_400 * 2, ms: 70_000 };

export const CLOCK: readonly FaultCase[] = [
  {
    name: 'clock jumps back and forward',
    stores: ['sqlite', 'mongo'],
    missing: () =>
      spawnSync('cc', ['--version']).status === 0 ? undefined : 'no C compiler for the clock shim',
    run: async (store) => {
      const folder = mkdtempSync(join(tmpdir(), 'makai-clock-'));
      const shim = join(folder, 'shim.so');
      const source = join(PACKAGE_ROOT, 'test/faults/clock-shim.c');
      const built = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', shim, source, '-ldl'], {
        encoding: 'utf8',
      });
      if (built.status !== 0) throw new Error(built.stderr);
      const file = join(folder, 'offset');
      const clock = openSync(file, 'w+');
      const set = (seconds: number): void => {
        const bytes = Buffer.alloc(8);
        bytes.writeDoubleLE(seconds);
        writeSync(clock, bytes, 0, 8, 0);
      };
      set(0);
      const env = { LD_PRELOAD: shim, MAKAI_TEST_CLOCK: file };
      try {
        return await course({
          store,
          env: Object.fromEntries(KINDS.map((kind) => [kind, env])),
          fault: async (line) => {
            for (const seconds of STEPS) {
              set(seconds);
              await sleep(HOLD_MS);
            }
            set(FORWARD.seconds);
            await sleep(FORWARD.ms);
            set(0);
            const held = line.logs().match(/the clock was set forward/g)?.length ?? 0;
            if (held < 2) throw new Error(`${held} daemons have noticed that the clock went forward`);
            const { dropped } = (await line.details('triggering-service')) as {
              dropped: Record<string, number>;
            };
            return [
              `steps of ${STEPS.join(', ')} s, ${HOLD_MS / 1000} s each, ${FORWARD.seconds} s for ${FORWARD.ms / 1000} s with a sweep of each daemon; refused meanwhile: ${JSON.stringify(dropped)}`,
            ];
          },
        });
      } finally {
        closeSync(clock);
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
];
