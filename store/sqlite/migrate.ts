/** Brings a SQLite file to the schema that this program knows. `PRAGMA user_version` counts the migrations that a file has seen. */
import type { Database } from 'better-sqlite3';
import { MakaiError } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import { APPLICATION_ID, MIGRATIONS } from './schema.js';
import { keepSchemaCopy, schemaCopies } from './schema-copy.js';

export interface Migration {
  /** entry i takes a file from version i to i + 1 */
  steps?: readonly string[];
  applicationId?: number;
  /** false: an older file stays as it is; a new one is made all the same */
  upgrade?: boolean;
}

/**
 * Brings an open database to this program's schema, in one transaction, after a copy of the file (schema-copy.ts); two processes at the same time do it once.
 * @throws MakaiError STORE_SCHEMA_TOO_NEW when a newer program wrote the file, STORE_NOT_RECOGNIZED when another program did, STORE_UNAVAILABLE
 */
export function migrate(
  db: Database,
  file: string,
  { applicationId = APPLICATION_ID, steps = MIGRATIONS, upgrade = true }: Migration = {},
): void {
  const isOurs = (): boolean => db.pragma('application_id', { simple: true }) === applicationId;
  if (versionOf(db) === steps.length && isOurs()) return;
  /** @returns the version that the file has */
  const recognized = (): number => {
    const version = versionOf(db);
    if (!isOurs() && (version !== 0 || hasTables(db))) {
      throw new MakaiError('STORE_NOT_RECOGNIZED', `${file} is an SQLite database of another program`, {
        hint: 'Name another file: makai would not mix its tables with those of another program, nor a spool with a store.',
      });
    }
    if (version > steps.length) throw schemaTooNew(file, version, steps.length);
    return version;
  };
  const before = recognized();
  if (!upgrade && before > 0) return;
  const isAlone = db.pragma('locking_mode', { simple: true }) === 'exclusive';
  const keep = (version: number): void => {
    if (version > 0 && version < steps.length && !db.memory) keepSchemaCopy(db, file, version);
  };
  if (isAlone) keep(before);
  const change = db.transaction(() => {
    const version = recognized();
    if (!isAlone) keep(version);
    for (const step of steps.slice(version)) db.exec(step);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${steps.length}`);
  });
  change.immediate();
}

/** The error for a file of a newer program, with the way back where a copy was kept. */
export function schemaTooNew(file: string, version: number, newest: number): MakaiError {
  const copy = isThere(file, 'STORE_UNAVAILABLE')
    ? schemaCopies(file).findLast((one) => one.version <= newest)
    : undefined;
  const back =
    copy === undefined
      ? 'or restore a backup of an earlier version with `makai store restore`'
      : `or go back to the copy from before the upgrade, with the daemons stopped: \`makai store restore ${copy.path}\``;
  return new MakaiError(
    'STORE_SCHEMA_TOO_NEW',
    `${file} has schema version ${version}; this program knows versions up to ${newest}`,
    {
      hint: `Install the newer version of makai that wrote it, ${back} (docs/operations.md). Nothing was changed.`,
    },
  );
}

/** The schema version of an open file; 0: a new one. */
export function versionOf(db: Database): number {
  return Number(db.pragma('user_version', { simple: true }));
}

function hasTables(db: Database): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined;
}
