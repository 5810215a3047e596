/** The disk of the store (or of the spools, with MongoDB unavailable too) is full, then has space again. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultCase } from '../case.js';
import { course } from '../scenario.js';

const SIZE = '64m';
const FULL_MS = 8000;

export const DISK: readonly FaultCase[] = [
  {
    name: 'disk full',
    stores: ['sqlite', 'mongo'],
    missing: () =>
      process.getuid?.() === 0 && canMount() ? undefined : 'only root can mount a small disk here',
    run: async (store) => {
      const disk = mount();
      try {
        return await course({
          store,
          data: disk,
          // All daemons keep running, and data that cannot be written waits in memory.
          all: true,
          fault: async (line, ledger) => {
            const filler = join(disk, 'filler');
            fill(filler);
            await line.mongo?.control?.kill();
            const before = ledger.announced;
            await sleep(FULL_MS);
            const meanwhile = ledger.announced - before;
            const { store: state } = (await line.details('triggering-service')) as {
              store: { waiting: number; failures: number };
            };
            rmSync(filler);
            await line.mongo?.control?.start();
            await ledger.moreMeasurements(50);
            return [
              `full for ${FULL_MS / 1000} s: ${meanwhile} events announced meanwhile, ${state.waiting} measurements waited in memory, ${state.failures} writes failed`,
            ];
          },
        });
      } finally {
        spawnSync('umount', ['-l', disk]);
        rmdirSync(disk);
      }
    },
  },
];

function canMount(): boolean {
  try {
    const disk = mount();
    spawnSync('umount', [disk]);
    rmdirSync(disk);
    return true;
  } catch {
    return false;
  }
}

function mount(): string {
  const disk = mkdtempSync(join(tmpdir(), 'makai-disk-'));
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', disk], {
    encoding: 'utf8',
  });
  if (status === 0) return disk;
  rmdirSync(disk);
  throw new Error(stderr);
}

/** Writes until the disk is full. */
function fill(file: string): void {
  const fd = openSync(file, 'w');
  try {
    for (let size = 1 << 20; size >= 1; size >>= 4) {
      const block = Buffer.alloc(size);
      try {
        while (writeSync(fd, block) === size);
      } catch {
        // Full for this size; a smaller write may still fit.
      }
    }
  } finally {
    closeSync(fd);
  }
}
