/** Opening a file, and what its errors mean to a person. */
import type { Database } from 'better-sqlite3';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import { DatabaseHandle } from './handle.js';
import { type Migration, migrate, versionOf } from './migrate.js';
import { MIGRATIONS } from './schema.js';
import { refuseReadOnly } from './writable-file.js';

/** How long one attempt waits for another process's transaction; `execution.ts` makes further attempts without blocking. */
export const BUSY_TIMEOUT_MS = 50;
/** How long opening waits for another process that opens the same file. */
const OPEN_TIMEOUT_MS = 10_000;
/** The same where that process upgrades it, and copies it before: a file of 30 GB. */
const UPGRADE_TIMEOUT_MS = 30 * 60_000;
const OPEN_PAUSE_MS = 10;
/** The write-ahead log is truncated to this after a burst. */
const JOURNAL_LIMIT_BYTES = 64 * 1024 * 1024;

/** The tables of a file: a store's unless others are given. */
export interface Schema extends Pick<Migration, 'applicationId' | 'steps'> {
  /** set before anything else: `locking_mode = EXCLUSIVE` and the like */
  pragmas?: readonly string[];
}

/**
 * Opens (and makes, if missing) a file at this program's schema version.
 * @param upgrade false: an older file is opened as it is; its version is then below the newest. So is one that may only be read.
 * @throws MakaiError STORE_UNAVAILABLE, STORE_NOT_WRITABLE, STORE_NOT_RECOGNIZED, STORE_SCHEMA_TOO_NEW
 */
export function openDatabase(
  file: string,
  { applicationId, pragmas = [], steps }: Schema = {},
  upgrade = true,
): Database {
  let db: Database | undefined;
  const startMs = Date.now();
  let timeoutMs = OPEN_TIMEOUT_MS;
  for (;;) {
    try {
      db = new DatabaseHandle(file, { timeout: BUSY_TIMEOUT_MS });
      for (const pragma of pragmas) db.pragma(pragma);
      // WAL: readers and one writer do not wait for each other. FULL: a commit is on disk when it returns.
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.pragma(`journal_size_limit = ${JOURNAL_LIMIT_BYTES}`);
      db.pragma('temp_store = MEMORY');
      if (upgrade && isOlder(db, steps)) timeoutMs = UPGRADE_TIMEOUT_MS;
      migrate(db, file, {
        upgrade,
        ...(applicationId === undefined ? {} : { applicationId }),
        ...(steps === undefined ? {} : { steps }),
      });
      if (upgrade) refuseReadOnly(db, file);
      return db;
    } catch (error) {
      db?.close();
      if (!isBusy(error) || Date.now() - startMs > timeoutMs) throw storeError(error, file);
      // Some of these locks SQLite reports immediately instead of waiting.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPEN_PAUSE_MS);
    }
  }
}

function isOlder(db: Database, steps: readonly string[] = MIGRATIONS): boolean {
  const version = versionOf(db);
  return version > 0 && version < steps.length;
}

/** True when another process held the file's lock for longer than one attempt waits: the operation changed nothing and can be repeated. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED');
}

const HINTS: [prefix: string, meaning: string, hint: string][] = [
  ['SQLITE_FULL', 'the disk is full', 'Free some space on the disk; nothing that was acknowledged is lost.'],
  [
    'SQLITE_CANTOPEN',
    'it cannot be opened',
    'Check that its directory exists and that this user may write there.',
  ],
  ['SQLITE_READONLY', 'it is read-only', 'Give this user the right to write to the file and its directory.'],
  ['SQLITE_NOTADB', 'it is not an SQLite database', 'Check the path, or move the file out of the way.'],
  ['SQLITE_CORRUPT', 'it is damaged', 'Restore it from a backup, or `sqlite3 FILE .recover` into a new one.'],
  ['SQLITE_IOERR', 'the disk reports an error', "Check the disk and the system's log."],
  ['SQLITE_BUSY', 'another process keeps it locked', 'Find the process that holds it: `fuser FILE`.'],
];

/** They speak of what was to be written, not of the file. */
const REFUSED = ['SQLITE_CONSTRAINT', 'SQLITE_TOOBIG', 'SQLITE_MISMATCH'];

/** What went wrong as a MakaiError; errors that are not SQLite's pass unchanged. */
export function storeError(error: unknown, file: string): unknown {
  if (error instanceof MakaiError) return error;
  // better-sqlite3 reports a missing directory as a TypeError of its own.
  const missing = error instanceof TypeError && error.message.includes('directory does not exist');
  const code = missing ? 'SQLITE_CANTOPEN' : codeOf(error);
  if (!code?.startsWith('SQLITE_')) return error;
  if (REFUSED.some((prefix) => code.startsWith(prefix)))
    return new MakaiError('STORE_REFUSED', `${file}: ${messageOf(error)} (${code})`, { cause: error });
  const known = HINTS.find(([prefix]) => code.startsWith(prefix));
  const meaning = known?.[1] ?? messageOf(error);
  return new MakaiError('STORE_UNAVAILABLE', `${file}: ${meaning} (${code})`, {
    cause: error,
    ...(known === undefined ? {} : { hint: known[2] }),
  });
}
