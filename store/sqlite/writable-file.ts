/** Whether a store's file can be written. SQLite opens a file that may only be read without a word, and refuses each write later. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import { versionOf } from './migrate.js';

/** @throws MakaiError STORE_NOT_WRITABLE; SQLite's error while another process holds the lock */
export function refuseReadOnly(db: Database, file: string): void {
  try {
    db.exec('BEGIN IMMEDIATE');
    // On a file that may only be read, BEGIN alone succeeds.
    db.exec(`PRAGMA user_version = ${versionOf(db)}`);
    db.exec('ROLLBACK');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    if (codeOf(error)?.startsWith('SQLITE_READONLY') !== true) throw error;
    throw notWritable(file);
  }
}

/**
 * Looks without opening the file.
 * @throws MakaiError STORE_UNAVAILABLE where there is none, or nobody can know; STORE_NOT_WRITABLE
 */
export function lookAtFile(file: string, toWrite: boolean): void {
  if (!isFileThere(file)) {
    throw new MakaiError(
      'STORE_UNAVAILABLE',
      `there is no store at ${file} any more: it was moved or deleted`,
      {
        hint: 'Move it back. Or stop the daemons and put a backup there with `makai store restore`. What comes meanwhile waits in memory; a restart would lose it and begin a new store.',
      },
    );
  }
  try {
    if (toWrite) for (const path of [file, dirname(file)]) accessSync(path, constants.W_OK);
  } catch {
    throw notWritable(file);
  }
}

function isFileThere(file: string): boolean {
  try {
    return isThere(file, 'STORE_UNAVAILABLE');
  } catch (error) {
    throw new MakaiError('STORE_UNAVAILABLE', messageOf(error), {
      hint: 'Let the user of the service enter the folder and those above it (`chown opq:opq`, `chmod 750`). What comes meanwhile waits in memory; a restart would lose it.',
      cause: error,
    });
  }
}

function notWritable(file: string): MakaiError {
  const message = `${file} cannot be written: ${rightsOf(file)}, ${rightsOf(dirname(file))}, and this process runs as user ${process.getuid?.()}`;
  return new MakaiError('STORE_NOT_WRITABLE', message, {
    hint: 'Give the file, its -wal and -shm, and the folder to the user of the service (`chown opq:opq`), or mount the disk for writing.',
  });
}

function rightsOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return `${path} is not there`;
  return `${path} belongs to user ${stats.uid} (mode ${(stats.mode & 0o7777).toString(8).padStart(4, '0')})`;
}
