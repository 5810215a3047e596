/** One process per folder, store and spool: with real processes, killed by -9. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { lockAllRoles, lockPath } from '../../daemon/lock.js';

const HOLD = `
  import { lockPath } from ${JSON.stringify(join(PACKAGE_ROOT, 'dist/daemon/lock.js'))};
  const [path, role] = process.argv.slice(1);
  lockPath(path, role);
  process.stdout.write('held');
  setTimeout(() => process.exit(), 50_000);
`;

describe('daemon/lock', function () {
  this.timeout(200_000);
  let folder = '';
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'makai-lock-'));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  async function holder(path: string, role: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', HOLD, path, role], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  it('refuses a second process and names the first; a kill -9 leaves nothing behind', async () => {
    const path = join(folder, 'store.db');
    for (let round = 0; round < 3; round += 1) {
      const child = await holder(path, 'acquisition-broker');
      assert.throws(() => lockPath(path, 'acquisition-broker', 100), {
        code: 'ALREADY_RUNNING',
        message: `process ${child.pid} uses ${path} as acquisition-broker`,
      });
      // Another kind of daemon uses the same store.
      lockPath(path, 'triggering-service', 100).release();
      child.kill('SIGKILL');
      await once(child, 'exit');
      lockPath(path, 'acquisition-broker').release();
    }
  });

  it('knows one folder under two names', async () => {
    symlinkSync(folder, join(folder, 'link'));
    await holder(join(folder, 'store.db'), 'up');
    assert.throws(() => lockPath(join(folder, 'link', 'store.db'), 'up', 100), { code: 'ALREADY_RUNNING' });
  });

  it('knows one file under two names', async () => {
    const file = join(folder, 'store.db');
    const other = join(mkdtempSync(join(folder, 'elsewhere-')), 'other.db');
    writeFileSync(file, '');
    symlinkSync(file, other);
    await holder(file, 'up');
    assert.throws(() => lockPath(other, 'up', 100), { code: 'ALREADY_RUNNING' });
    assert.throws(() => lockAllRoles(other), { code: 'ALREADY_RUNNING' });
  });

  it('says what is wrong with a place that cannot be written', () => {
    // A file of this test's own, not a device: what the system does with those differs between containers.
    const file = join(folder, 'file');
    writeFileSync(file, '');
    assert.throws(() => lockPath(join(file, 'store.db'), 'up', 100), { code: 'STORE_UNAVAILABLE' });
  });
});
