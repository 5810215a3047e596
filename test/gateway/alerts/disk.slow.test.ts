/** A disk that is nearly full, a real one of 4 MB: an alert, and its end. Only root can mount it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertRig } from './rig.js';

describe('gateway: a disk that is nearly full', () => {
  it('is an alert once, and over when there is room again', async function () {
    const folder = mkdtempSync(join(tmpdir(), 'makai-disk-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', folder], { stdio: 'ignore' });
    } catch {
      rmSync(folder, { recursive: true });
      process.stderr.write('SKIPPED: only root can mount a disk\n');
      this.skip();
    }
    try {
      const { clock, start, titles } = await alertRig();
      const alerts = await start(folder);
      const minute = async (): Promise<void> => {
        clock.advance(60_000);
        for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      };
      await minute();
      assert.deepEqual(titles(), []);
      writeFileSync(join(folder, 'much'), Buffer.alloc(3_900_000));
      await minute();
      await minute();
      const [title, ...others] = titles();
      assert.match(title ?? '', /^The disk is nearly full: \d\.\d % free$/);
      assert.deepEqual(others, []);
      rmSync(join(folder, 'much'));
      await minute();
      assert.match(titles().join(), /^Over: The disk is nearly full/);
      await alerts.stop();
    } finally {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });
});
