/** What can be said of a SQLite store's file without changing it. */
import { statSync } from 'node:fs';
import { MakaiError } from '../../common/errors.js';
import { isThere } from '../../common/is-there.js';
import { storeError } from './connection.js';
import { DatabaseHandle } from './handle.js';
import { schemaTooNew } from './migrate.js';
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.js';

export interface SqliteInspection {
  file: string;
  /** false: it is made at the first start */
  exists: boolean;
  /** bytes of the file; its write-ahead log not counted */
  bytes: number;
  /** schema version of the file; below `newest` it is upgraded at the next start */
  version: number;
  newest: number;
}

/**
 * Reads size and schema version.
 * @throws MakaiError STORE_UNAVAILABLE, STORE_NOT_RECOGNIZED, STORE_SCHEMA_TOO_NEW
 */
export function inspectSqlite(file: string): SqliteInspection {
  const newest = SCHEMA_VERSION;
  if (!isThere(file, 'STORE_UNAVAILABLE')) return { file, exists: false, bytes: 0, version: newest, newest };
  let db: DatabaseHandle | undefined;
  try {
    db = new DatabaseHandle(file, { readonly: true, fileMustExist: true, timeout: 2000 });
    const application = Number(db.pragma('application_id', { simple: true }));
    const version = Number(db.pragma('user_version', { simple: true }));
    const isEmpty = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
    if (application !== APPLICATION_ID && (version !== 0 || !isEmpty)) {
      throw new MakaiError('STORE_NOT_RECOGNIZED', `${file} belongs to another program`);
    }
    if (version > newest) throw schemaTooNew(file, version, newest);
    return { file, exists: true, bytes: statSync(file).size, version, newest };
  } catch (error) {
    throw storeError(error, file);
  } finally {
    db?.close();
  }
}
