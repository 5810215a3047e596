/** The Debian package of an earlier commit of this repository, built once by its own `npm run release` and kept in the cache. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../common/package-root.js';
import { attempt, run } from '../../support/command.js';

/** The first commit whose package has daemons that start under systemd: three daemons, and an older schema of the store. */
export const EARLIER = '6c3e5e4';
/** Modules that are compiled: those of this checkout are used where they have the same version. */
const COMPILED = ['better-sqlite3', 'zeromq'];
const BUILD_MS = 1_800_000;

/** @returns undefined where this is no clone with that commit */
export async function earlierDeb(): Promise<string | undefined> {
  const { code } = await attempt(['git', '-C', PACKAGE_ROOT, 'cat-file', '-e', `${EARLIER}^{commit}`]);
  if (code !== 0) return undefined;
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = join(cache, `makai-earlier-${EARLIER}-${process.version}-${process.arch}`);
  if (!existsSync(folder)) await build(cache, folder);
  const deb = readdirSync(folder).find((name) => name.endsWith('.deb'));
  return deb === undefined ? undefined : join(folder, deb);
}

async function build(cache: string, folder: string): Promise<void> {
  process.stderr.write(`    building the package of ${EARLIER} (kept in the cache for later runs)\n`);
  const making = mkdtempSync(join(cache, 'makai-making-earlier-'));
  try {
    await run(['git', 'clone', '--quiet', '--no-checkout', PACKAGE_ROOT, making]);
    await run(['git', 'checkout', '--quiet', EARLIER], { cwd: making });
    await run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: making,
      timeoutMs: BUILD_MS,
    });
    for (const name of COMPILED) await compile(making, name);
    await run(['npm', 'run', 'release'], { cwd: making, timeoutMs: BUILD_MS });
    if (!existsSync(folder)) renameSync(join(making, 'release'), folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

async function compile(making: string, name: string): Promise<void> {
  const [here, there] = [PACKAGE_ROOT, making].map((root) => join(root, 'node_modules', name));
  if (here === undefined || there === undefined) return;
  if (versionOf(here) !== versionOf(there))
    await run(['npm', 'rebuild', name], { cwd: making, timeoutMs: BUILD_MS });
  else {
    rmSync(there, { recursive: true });
    await run(['cp', '-a', here, there]);
  }
}

function versionOf(folder: string): unknown {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: unknown }).version;
}
