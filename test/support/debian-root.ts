/**
 * A root folder with a small Debian 12, made by debootstrap from the mirror that this machine's apt uses, and kept in the cache for later runs.
 * A root is made under another name and gets its own when it is complete, so one that was left half-made is never used. The name has a hash of
 * the recipe; a root older than a month is made again.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { attempt, run } from './command.js';

const SUITE = 'bookworm';
const DAY_MS = 24 * 3600 * 1000;
const MAX_AGE_MS = 30 * DAY_MS;
const PREFIX = 'makai-debian-';
const HALF_MADE = 'makai-making-debian-';

export interface Recipe {
  /** what the root is for; part of its name */
  name: string;
  /** packages beside those of debootstrap's variant minbase */
  packages: readonly string[];
}

/** As small as Debian gets with systemd: without procps, so also without the program `kill`. */
export const SMALL: Recipe = { name: 'systemd', packages: ['systemd', 'systemd-sysv', 'libstdc++6'] };

/** The same with programs that procedures of docs/operations.md use. */
export const WITH_TOOLS: Recipe = { name: 'tools', packages: [...SMALL.packages, 'nftables', 'sqlite3'] };

/** What this machine lacks to make one; undefined where nothing is missing. */
export async function missingForRoots(...programs: string[]): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'root';
  for (const program of ['debootstrap', ...programs]) {
    const { code } = await attempt(['sh', '-c', `command -v ${program}`]);
    if (code !== 0) return program;
  }
  return undefined;
}

/**
 * @returns the cached root, made first where it is missing or old. Copy it; never change it.
 * @throws Error where debootstrap fails
 */
export async function debianRoot(recipe: Recipe): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  mkdirSync(cache, { recursive: true });
  removeLeftOver(cache);
  const { name, packages } = recipe;
  const hash = createHash('sha256')
    .update(JSON.stringify([SUITE, packages]))
    .digest('hex');
  const root = join(cache, `${PREFIX}${name}-${hash.slice(0, 12)}`);
  if (isUsable(root)) return join(root, 'root');
  rmSync(root, { recursive: true, force: true });
  const making = mkdtempSync(join(cache, HALF_MADE));
  process.stderr.write(`    making a Debian root for ${name} (kept in the cache for later runs)\n`);
  await run(
    [
      'debootstrap',
      '--variant=minbase',
      `--include=${packages.join(',')}`,
      SUITE,
      join(making, 'root'),
      ...(await mirror()),
    ],
    { timeoutMs: 900_000 },
  );
  rmSync(join(making, 'root/var/cache/apt/archives'), { recursive: true, force: true });
  writeFileSync(join(making, 'complete'), '');
  try {
    renameSync(making, root);
  } catch (error) {
    // Another run was faster: then its root is used.
    rmSync(making, { recursive: true });
    if (!isUsable(root)) throw error;
  }
  return join(root, 'root');
}

/** Complete, not old, and with a shell in it. */
function isUsable(root: string): boolean {
  const marker = join(root, 'complete');
  if (!existsSync(marker) || !existsSync(join(root, 'root/bin/sh'))) return false;
  return Date.now() - statSync(marker).mtimeMs < MAX_AGE_MS;
}

/** What runs that were killed left half-made (no run takes a day), and roots of old recipes. */
function removeLeftOver(cache: string): void {
  for (const name of readdirSync(cache)) {
    const maxAgeMs = name.startsWith(HALF_MADE) ? DAY_MS : name.startsWith(PREFIX) ? MAX_AGE_MS : undefined;
    const folder = join(cache, name);
    // Gone: another run has given it its name, or removed it.
    const made = statSync(folder, { throwIfNoEntry: false });
    if (maxAgeMs === undefined || made === undefined || Date.now() - made.mtimeMs < maxAgeMs) continue;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The mirror that apt uses for this release; none (debootstrap's default) on a machine with another release. */
async function mirror(): Promise<string[]> {
  const { code, stdout } = await attempt([
    'apt-get',
    'indextargets',
    '--format',
    '$(ORIGIN) $(CODENAME) $(COMPONENT) $(SITE)',
    'Created-By: Packages',
  ]);
  const line =
    code === 0 ? stdout.split('\n').find((one) => one.startsWith(`Debian ${SUITE} main `)) : undefined;
  return line === undefined ? [] : [line.split(' ')[3] ?? ''];
}
