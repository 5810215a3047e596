/** The machine: versions, clock, disk, rights on folders. */
import { execFile } from 'node:child_process';
import { stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../common/errors.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { VERSION } from '../../common/version.js';
import { KINDS } from '../../config/kinds.js';
import { type Deployment, each } from './deployment.js';
import { type Diagnosis, reporter } from './diagnosis.js';
import { sqliteFileOf, storeUrls } from './store.js';
import { obstacle, type Right, type User } from './user.js';

const run = promisify(execFile);
const OLDEST_NODE = [20, 19] as const;
const LITTLE_BYTES = 1e9;
const LITTLE_SHARE = 0.05;

export async function versions(deployment: Deployment): Promise<Diagnosis[]> {
  const { ok, note, wrong } = reporter('versions');
  const found: Diagnosis[] = [];
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  if (isOld)
    found.push(
      wrong(
        'node',
        `version ${process.versions.node} is too old`,
        `install Node ${OLDEST_NODE.join('.')} or later`,
      ),
    );
  else found.push(ok('node', `version ${process.versions.node}`));
  found.push(ok('makai', `version ${VERSION}`));
  try {
    const { hasCurve, version } = (await import('../../zmq/library.js')).libzmq();
    if (hasCurve) found.push(ok('zeromq', `libzmq ${version}, with CURVE`));
    else
      found.push(
        wrong('zeromq', `libzmq ${version} has no CURVE`, 'install a zeromq package built with libsodium'),
      );
  } catch (error) {
    found.push(wrong('zeromq', `cannot be loaded: ${messageOf(error)}`, 'npm rebuild zeromq'));
  }
  try {
    const { DatabaseHandle } = await import('../../store/sqlite/handle.js');
    const db = new DatabaseHandle(':memory:');
    const version: unknown = db.prepare('SELECT sqlite_version()').pluck().get();
    db.close();
    found.push(ok('better-sqlite3', `SQLite ${String(version)}`));
  } catch (error) {
    found.push(
      wrong('better-sqlite3', `cannot be loaded: ${messageOf(error)}`, 'npm rebuild better-sqlite3'),
    );
  }
  for (const { kind, running } of each(deployment)) {
    if (!running || running.version === VERSION) continue;
    found.push(note(kind, `version ${running.version} runs, ${VERSION} is installed`, 'restart the daemon'));
  }
  return found;
}

export async function clock(now = Date.now()): Promise<Diagnosis[]> {
  const { ok, note, wrong } = reporter('clock');
  const built = await stat(join(PACKAGE_ROOT, 'package.json'));
  if (now < built.mtimeMs - 86_400_000) {
    return [
      wrong(
        'system clock',
        `${new Date(now).toISOString()} is before this package was installed`,
        'set the clock and synchronise it with a time server',
      ),
    ];
  }
  const todo =
    'synchronise the clock with a time server (systemd-timesyncd, chrony): measurements more than 5 min ahead or 24 h old are dropped';
  try {
    const { stdout } = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
      timeout: 3000,
    });
    return stdout.trim() === 'yes'
      ? [ok('system clock', 'is synchronised with a time server')]
      : [wrong('system clock', 'is not synchronised with a time server', todo)];
  } catch {
    return [
      note(
        'system clock',
        'unknown whether it is synchronised with a time server (no timedatectl here)',
        todo,
      ),
    ];
  }
}

/** Folders that the daemons write to. */
function folders(deployment: Deployment): string[] {
  const spools = each(deployment).flatMap(({ settings }) =>
    settings && 'spool' in settings ? [settings.spool.path] : [],
  );
  const usesMongo = storeUrls(deployment).some((url) => url.startsWith('mongodb'));
  const files = storeUrls(deployment).flatMap((url) => sqliteFileOf(url) ?? []);
  return [...new Set([...files.map((file) => dirname(file)), ...(usesMongo ? spools : [])])];
}

export async function disk(deployment: Deployment, user: User): Promise<Diagnosis[]> {
  const files = await Promise.all(readOrWritten(deployment).map((one) => oneFile(one, user)));
  const found = await Promise.all(folders(deployment).map((folder) => oneFolder(folder, user)));
  return [...files, ...found].flat();
}

/** Existing files: configurations, and databases, which root may have created with `makai store init`. */
function readOrWritten(deployment: Deployment): [path: string, right: Right][] {
  const settings = each(deployment).flatMap(({ source, kind }): [string, Right][] =>
    source === undefined || source === KINDS[kind].variable ? [] : [[source, 'read']],
  );
  const databases = storeUrls(deployment).flatMap((url) => sqliteFileOf(url) ?? []);
  const parts = databases.flatMap((file) =>
    ['', '-wal', '-shm'].map((part): [string, Right] => [`${file}${part}`, 'write']),
  );
  return [...settings, ...parts];
}

async function oneFile([path, right]: [string, Right], user: User): Promise<Diagnosis[]> {
  const { wrong } = reporter('permissions');
  const kept = await obstacle(path, right, user);
  if (kept === undefined) return [];
  const todo =
    right === 'read'
      ? `chgrp ${user.name} ${path}; chmod 640 ${path}`
      : `chown ${user.name}: ${path.replace(/-(wal|shm)$/, '')}*`;
  return [wrong(path, kept, todo)];
}

async function oneFolder(folder: string, user: User): Promise<Diagnosis[]> {
  const { ok, wrong } = reporter('disk');
  const permissions = reporter('permissions');
  const there = await nearestFolder(folder);
  const found: Diagnosis[] = [];
  const kept = await obstacle(there, 'write', user);
  if (kept === undefined) {
    const made = there === folder ? 'is writable' : `can be created in ${there}`;
    found.push(permissions.ok(folder, `${made} by ${user.name}`));
  } else {
    const todo = `run makai doctor as root or as the user of the service, or give ${user.name} the right to write there`;
    found.push(permissions.wrong(folder, there === folder ? kept : `${there}: ${kept}`, todo));
  }
  const { bavail, blocks, bsize } = await statfs(there);
  const free = bavail * bsize;
  const text = `${(free / 1e9).toFixed(1)} GB free of ${((blocks * bsize) / 1e9).toFixed(1)} GB`;
  if (free < LITTLE_BYTES || bavail < blocks * LITTLE_SHARE)
    found.push(wrong(folder, `only ${text}`, 'free space, or move store and spool'));
  else found.push(ok(folder, text));
  return found;
}

/** The folder itself, or the nearest existing folder above it. */
async function nearestFolder(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return isThere || folder === dirname(folder) ? folder : nearestFolder(dirname(folder));
}
