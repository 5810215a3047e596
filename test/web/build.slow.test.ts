/** A build of the page into another folder: it leaves the built page alone, and takes out what an earlier build left there. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { PAGE } from './first-view.js';

const VITE = join(PACKAGE_ROOT, 'node_modules/vite/bin/vite.js');

async function filesOf(folder: string): Promise<Record<string, number>> {
  const times: Record<string, number> = {};
  for (const name of await readdir(folder)) times[name] = (await stat(join(folder, name))).mtimeMs;
  return times;
}

describe('a build of the page into another folder', function () {
  this.timeout(300_000);

  it('replaces what is there, and nothing in dist', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'makai-page-build-'));
    try {
      await mkdir(join(folder, 'assets'));
      await writeFile(join(folder, 'assets/index-earlier.js'), '');
      const before = await filesOf(join(PAGE, 'assets'));
      const args = [VITE, 'build', '--config', 'web/vite.config.ts', '--outDir', folder];
      await promisify(execFile)(process.execPath, args, { cwd: PACKAGE_ROOT });
      assert.deepEqual(await filesOf(join(PAGE, 'assets')), before);
      assert.ok(existsSync(join(folder, 'index.html')));
      const built = await readdir(join(folder, 'assets'));
      assert.ok(
        built.some((name) => /^index-.*\.js$/.test(name)) && !built.includes('index-earlier.js'),
        String(built),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
