/** Puts Node and the packed package into a root folder, as `npm install -g` would. The container has no network, so the dependencies are copied. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { run } from '../support/command.js';

/** Where npm installs globally on Debian. */
export const PACKAGE = '/usr/lib/node_modules/opq-makai';

/** The Node that runs the tests: the native modules of node_modules are compiled for it. */
export async function installNode(root: string): Promise<void> {
  await run(['cp', realpathSync(process.execPath), join(root, 'usr/bin/node')]);
  assert.equal((await run(['chroot', root, '/usr/bin/node', '--version'])).trim(), process.version);
}

/** What `npm pack` makes of this build, with its dependencies, in a folder of the root. */
export async function unpackPackage(root: string, folder = PACKAGE): Promise<void> {
  const target = join(root, folder);
  const work = mkdtempSync(join(tmpdir(), 'makai-pack-'));
  try {
    // Without scripts: `prepare` would build again, under the tests that run from the build.
    await run(['npm', 'pack', '--ignore-scripts', '--pack-destination', work], { cwd: PACKAGE_ROOT });
    const [tarball = ''] = readdirSync(work);
    mkdirSync(target, { recursive: true });
    await run(['tar', 'xzf', join(work, tarball), '-C', target, '--strip-components=1', '--no-same-owner']);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  await run(['cp', '-a', '--parents', ...dependencies(), target], { cwd: PACKAGE_ROOT });
  await run(['chown', '-R', 'root:root', target]);
}

export function linkCommand(root: string): void {
  symlinkSync(`../lib/node_modules/opq-makai/dist/cli/main.js`, join(root, 'usr/bin/makai'));
}

/** Folders of the dependencies that an installation has, as the lock file says. */
function dependencies(): string[] {
  const lock: { packages: Record<string, { dev?: true }> } = JSON.parse(
    readFileSync(join(PACKAGE_ROOT, 'package-lock.json'), 'utf8'),
  );
  const found = Object.entries(lock.packages)
    .filter(
      ([path, { dev }]) =>
        path.startsWith('node_modules/') && dev !== true && existsSync(join(PACKAGE_ROOT, path)),
    )
    .map(([path]) => path);
  assert.ok(found.includes('node_modules/zeromq'));
  return found;
}
