/** The highest event id that a spool's file knows of, for a restore: ids go on past it. */
import { isThere } from '../../common/is-there.js';
import { storeError } from '../sqlite/connection.js';
import { DatabaseHandle } from '../sqlite/handle.js';

/**
 * The highest id of its rows and of the block that it reserved ahead; 0 where there is none, or no file.
 * @throws MakaiError STORE_UNAVAILABLE, also while a daemon has the file, or where it cannot be looked for
 */
export function highestSpooledEventId(file: string): number {
  // A folder that may not be entered must not count as no ids: they would be given a second time.
  if (!isThere(file, 'STORE_UNAVAILABLE')) return 0;
  let db: DatabaseHandle | undefined;
  try {
    db = new DatabaseHandle(file, { readonly: true, fileMustExist: true, timeout: 2000 });
    const has = db.prepare<[string], 1>('SELECT 1 FROM sqlite_schema WHERE name = ?').pluck(true);
    const highest = (table: string, column: string): number => {
      if (db === undefined || has.get(table) === undefined) return 0;
      const found = db.prepare<[], number>(`SELECT coalesce(max(${column}), 0) FROM ${table}`).pluck(true);
      return found.get() ?? 0;
    };
    return Math.max(
      highest('queue', 'event_id'),
      highest('quarantine', 'event_id'),
      highest('event_ids', 'last'),
      highest('numbers', 'last'),
    );
  } catch (error) {
    throw storeError(error, file);
  } finally {
    db?.close();
  }
}
