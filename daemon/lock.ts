/**
 * One process per file or folder. The lock is SQLite's own on a small file, which the system takes away when the process ends, also by
 * kill -9: nothing has to be cleaned up. It holds between containers that share the folder. Who has it stands in a file beside it, which
 * counts only while the lock is held.
 */
import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { MakaiError, messageOf } from '../common/errors.js';
import { isThere } from '../common/is-there.js';
import { isBusy } from '../store/sqlite/connection.js';
import { DatabaseHandle } from '../store/sqlite/handle.js';

/** A process that is just ending still has its lock for a moment. */
const WAIT_MS = 2000;

export interface Lock {
  release(): void;
}

/**
 * Takes the lock of a path.
 * @param path file or folder that only one process may use as `role`; it need not exist, the folder above it is made
 * @param role what the process is, e.g. `acquisition-broker`: processes of other roles may use the same path
 * @throws MakaiError ALREADY_RUNNING that names the process, STORE_UNAVAILABLE where the lock's file cannot be written
 */
export function lockPath(path: string, role: string, waitMs = WAIT_MS): Lock {
  const absolute = resolve(path);
  try {
    mkdirSync(dirname(absolute), { recursive: true, mode: 0o750 });
    const file = `${placeOf(absolute)}.${role}.lock`;
    const db = new DatabaseHandle(file, { timeout: waitMs });
    try {
      db.exec('BEGIN EXCLUSIVE');
      writeFileSync(`${file}.pid`, `${process.pid}\n`);
    } catch (error) {
      db.close();
      throw isBusy(error) ? heldBy(absolute, role, ownerOf(file)) : error;
    }
    return { release: () => void db.close() };
  } catch (error) {
    if (error instanceof MakaiError) throw error;
    throw new MakaiError('STORE_UNAVAILABLE', `${absolute} cannot be locked: ${messageOf(error)}`, {
      hint: 'Check that the folder exists and that the user of the service may write in it.',
      cause: error,
    });
  }
}

/**
 * Holds the locks of every role that has used a path, so that no such daemon runs or starts meanwhile. Makes no file.
 * @throws MakaiError ALREADY_RUNNING that names the process, STORE_UNAVAILABLE
 */
export function lockAllRoles(path: string): Lock {
  const absolute = resolve(path);
  const place = isThere(dirname(absolute), 'STORE_UNAVAILABLE') ? placeOf(absolute) : absolute;
  const folder = dirname(place);
  const prefix = `${basename(place)}.`;
  const held: DatabaseHandle[] = [];
  const release = (): void => {
    for (const db of held.splice(0)) db.close();
  };
  const names = isThere(folder, 'STORE_UNAVAILABLE') ? readdirSync(folder) : [];
  for (const name of names.filter((one) => one.startsWith(prefix) && one.endsWith('.lock'))) {
    const file = join(folder, name);
    try {
      const db = new DatabaseHandle(file, { timeout: WAIT_MS, fileMustExist: true });
      held.push(db);
      db.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      release();
      const role = name.slice(prefix.length, -'.lock'.length);
      if (isBusy(error)) throw heldBy(absolute, role, ownerOf(file));
      throw new MakaiError('STORE_UNAVAILABLE', `${file} cannot be locked: ${messageOf(error)}`, {
        hint: 'Run this as root, or as the user of the service.',
        cause: error,
      });
    }
  }
  return { release };
}

/** Two names of one file or folder, through symbolic links, are one place. */
function placeOf(path: string): string {
  return isThere(path, 'STORE_UNAVAILABLE')
    ? realpathSync(path)
    : join(realpathSync(dirname(path)), basename(path));
}

function ownerOf(file: string): string {
  try {
    const pid = readFileSync(`${file}.pid`, 'utf8').trim();
    return /^\d+$/.test(pid) ? `process ${pid}` : 'another process';
  } catch {
    return 'another process';
  }
}

function heldBy(path: string, role: string, owner: string): MakaiError {
  return new MakaiError('ALREADY_RUNNING', `${owner} uses ${path} as ${role}`, {
    hint: `Stop that process, or give this one a place of its own. \`ps -p PID -o args\` shows what it is.`,
  });
}
