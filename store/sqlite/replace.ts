/**
 * Puts a backup in the place of a store. The replaced file is kept. Event ids go on past all that may have been given since the backup: they are
 * in announcements, exports and other programs, and must not name a second event.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { MakaiError, messageOf } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import { syncFolder } from './backup.js';
import { isBusy, storeError } from './connection.js';
import { DatabaseHandle } from './handle.js';
import { schemaTooNew } from './migrate.js';
import { SCHEMA_VERSION } from './schema.js';
import { isTaken, unusedName } from './unused-name.js';
import { checkIntegrity, highestEventId, refuseOthers } from './whole-file.js';

/** Event ids are int32. */
const LAST_ID = 0x7fffffff;

export interface ReplaceOptions {
  /** ids left unused past the highest one known */
  eventIdGap: number;
  /** the next id, in place of the gap */
  nextEventId?: number | undefined;
  /** the highest id known elsewhere: in a spool */
  highestElsewhere?: number;
}

export interface ReplaceReport {
  file: string;
  /** schema version of what is there now */
  version: number;
  nextEventId: number;
  /** the replaced file; undefined: there was none */
  replaced: string | undefined;
  /** why the highest id of the replaced file is not known */
  unreadable: string | undefined;
}

/**
 * No other process may use `file` meanwhile: the caller holds the daemons' locks. What happens is done or not: until the last step the old file is in its place.
 * @throws MakaiError ALREADY_RUNNING (another process has the file open), STORE_NOT_RECOGNIZED, STORE_DAMAGED, STORE_SCHEMA_TOO_NEW, STORE_UNAVAILABLE,
 * EVENT_IDS_EXHAUSTED, EVENT_ID_TOO_LOW
 */
export function replaceSqlite(name: string, backup: string, options: ReplaceOptions): ReplaceReport {
  // Past symbolic links: SQLite names the log of a file so, and the link stays.
  const file = isThere(name, 'STORE_UNAVAILABLE') ? realpathSync(name) : resolve(name);
  const fresh = `${file}.restoring`;
  const replaced = nameOfReplaced(file);
  try {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${fresh}${suffix}`, { force: true });
    const version = copyChecked(resolve(backup), fresh);
    const old = closeOld(file);
    const nextEventId = setNextId(fresh, options, old.highest);
    giveOwner(fresh, file);
    const exists = isThere(file, 'STORE_UNAVAILABLE');
    // Another name for the old file: should we be killed between, it is still in its place.
    if (exists) linkSync(file, replaced);
    // Frames of the old file must not be played into the new one.
    if (isThere(`${file}-wal`, 'STORE_UNAVAILABLE')) renameSync(`${file}-wal`, `${replaced}-wal`);
    rmSync(`${file}-shm`, { force: true });
    renameSync(fresh, file);
    syncFolder(dirname(file));
    return {
      file,
      version,
      nextEventId,
      replaced: exists ? replaced : undefined,
      unreadable: old.unreadable,
    };
  } catch (error) {
    for (const suffix of ['', '-journal']) rmSync(`${fresh}${suffix}`, { force: true });
    throw storeError(error, file);
  }
}

/** `makai.db.replaced`; where that is the file of an earlier restore, or its log, a name with the time. */
function nameOfReplaced(file: string): string {
  const suffixes = ['', '-wal', '-shm'];
  const plain = `${file}.replaced`;
  return suffixes.some((suffix) => isTaken(`${plain}${suffix}`)) ? unusedName(`${plain}-`, suffixes) : plain;
}

/** Folds the log of the old file into it, which only its last user can do, and reads the highest id. A file that is damaged is no obstacle. */
function closeOld(file: string): { highest: number; unreadable: string | undefined } {
  if (!isThere(file, 'STORE_UNAVAILABLE')) return { highest: 0, unreadable: 'it is gone' };
  let db: DatabaseHandle | undefined;
  try {
    db = new DatabaseHandle(file, { fileMustExist: true, timeout: 2000 });
    const highest = highestEventId(db);
    db.pragma('journal_mode = DELETE');
    return { highest, unreadable: undefined };
  } catch (error) {
    if (!isBusy(error)) return { highest: 0, unreadable: messageOf(error) };
    throw new MakaiError('ALREADY_RUNNING', `another process has ${file} open`, {
      hint: '`fuser FILE` names it. Stop the daemons (`systemctl stop "makai-*"`) and other programs that read the store, then restore again; nothing was changed.',
    });
  } finally {
    db?.close();
  }
}

function copyChecked(backup: string, fresh: string): number {
  let db: DatabaseHandle | undefined;
  try {
    db = new DatabaseHandle(backup, { readonly: true, fileMustExist: true });
    const version = refuseOthers(db, backup);
    if (version > SCHEMA_VERSION) throw schemaTooNew(backup, version, SCHEMA_VERSION);
    checkIntegrity(db, backup);
    closeSync(openSync(fresh, 'wx', 0o600));
    db.prepare('VACUUM INTO ?').run(fresh);
    return version;
  } catch (error) {
    throw storeError(error, backup);
  } finally {
    db?.close();
  }
}

function setNextId(fresh: string, options: ReplaceOptions, highestOfOld: number): number {
  const db = new DatabaseHandle(fresh);
  try {
    const next = nextEventIdPast(
      Math.max(highestEventId(db), highestOfOld, options.highestElsewhere ?? 0),
      options,
    );
    db.prepare(
      "INSERT INTO sequences VALUES ('event_id', ?) ON CONFLICT DO UPDATE SET last = excluded.last",
    ).run(next - 1);
    return next;
  } finally {
    db.close();
  }
}

/**
 * The next event id after a restore.
 * @param highest the highest one known to have been given
 * @throws MakaiError EVENT_ID_TOO_LOW, EVENT_IDS_EXHAUSTED
 */
export function nextEventIdPast(
  highest: number,
  { eventIdGap, nextEventId }: Pick<ReplaceOptions, 'eventIdGap' | 'nextEventId'>,
): number {
  if (nextEventId !== undefined && nextEventId <= highest) {
    throw new MakaiError('EVENT_ID_TOO_LOW', `event ids up to ${highest} were given already`, {
      hint: `Give --next-event-id above ${highest}, or leave it out.`,
    });
  }
  const next = nextEventId ?? highest + 1 + eventIdGap;
  if (next <= LAST_ID) return next;
  throw new MakaiError('EVENT_IDS_EXHAUSTED', `the next event id would be ${next}, past ${LAST_ID}`, {
    hint: 'Give a smaller --event-id-gap, or --next-event-id.',
  });
}

/** Owner and mode of the file that it replaces; where that is gone, the owner of the folder, and no rights for others. */
function giveOwner(fresh: string, file: string): void {
  const isReplaced = isThere(file, 'STORE_UNAVAILABLE');
  const { gid, mode, uid } = statSync(isReplaced ? file : dirname(file));
  if (process.getuid?.() === 0) chownSync(fresh, uid, gid);
  chmodSync(fresh, isReplaced ? mode & 0o777 : 0o600);
  const written = openSync(fresh, 'r');
  fsyncSync(written);
  closeSync(written);
}
