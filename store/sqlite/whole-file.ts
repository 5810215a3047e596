/** What backup and restore ask of a store's file, whatever its schema version. */
import type { Database } from 'better-sqlite3';
import { MakaiError } from '../../common/errors.js';
import type { Failure } from './execution.js';
import { versionOf } from './migrate.js';
import { APPLICATION_ID } from './schema.js';

export interface BackupProgress {
  stage: 'copying' | 'checking';
  /** bytes written, and about how many it will be */
  bytes: number;
  total: number;
}

/** What the process of a backup says. */
export type BackupMessage =
  | Pick<BackupProgress, 'stage' | 'total'>
  | { done: { version: number; highestEventId: number } }
  | { failure: Failure };

/** @returns the schema version. @throws MakaiError STORE_NOT_RECOGNIZED */
export function refuseOthers(db: Database, file: string): number {
  const version = versionOf(db);
  if (db.pragma('application_id', { simple: true }) === APPLICATION_ID && version > 0) return version;
  throw new MakaiError('STORE_NOT_RECOGNIZED', `${file} is not a store of makai`, {
    hint: 'Check the path.',
  });
}

/** @throws MakaiError STORE_DAMAGED */
export function checkIntegrity(db: Database, file: string): void {
  const rows = db.pragma('integrity_check(5)') as { integrity_check: string }[];
  const found = rows.map((row) => row.integrity_check);
  if (found.length === 1 && found[0] === 'ok') return;
  throw new MakaiError('STORE_DAMAGED', `${file} is damaged: ${found.join('; ')}`, {
    hint: 'Use another backup. `sqlite3 FILE .recover` reads what is left of a damaged file into a new one.',
  });
}

/** The highest event id that a store gave or holds; 0: none. Its tables are those of every schema version. */
export function highestEventId(db: Database): number {
  const highest = db
    .prepare<[], number>(
      `SELECT max((SELECT coalesce(max(last), 0) FROM sequences WHERE name = 'event_id'),
                  (SELECT coalesce(max(event_id), 0) FROM events),
                  (SELECT coalesce(max(event_id), 0) FROM box_events))`,
    )
    .pluck(true)
    .get();
  return highest ?? 0;
}
