/**
 * When measurements expire, kept for each second instead of each row: the table `measurement_expiry` says when the first row of a second
 * may be due, never later than the truth. An index on every row's `expire_at` took a quarter of the time of writing and a seventh of the file.
 */
import type { Database } from 'better-sqlite3';
import { FOREVER_SECONDS } from '../documents.js';

/** Seconds looked at in one slice of a sweep. */
const SECONDS_A_SLICE = 200;

export function measurementSweep(db: Database) {
  const raise = db.prepare<[number, number]>('UPDATE measurement_expiry SET soonest = ? WHERE second = ?');
  const forget = db.prepare<[number]>('DELETE FROM measurement_expiry WHERE second = ?');
  const due = db
    .prepare<[number], number>(
      `SELECT second FROM measurement_expiry WHERE soonest <= ? ORDER BY soonest LIMIT ${SECONDS_A_SLICE}`,
    )
    .pluck(true);
  const remove = db.prepare<[number, number, number]>(
    'DELETE FROM measurements WHERE second = ? AND expire_at <= ? LIMIT +?',
  );
  const soonestLeft = db
    .prepare<[number], number | null>(
      `SELECT min(expire_at) FROM measurements WHERE second = ? AND expire_at < ${FOREVER_SECONDS}`,
    )
    .pluck(true);

  /** Deletes up to `rows` measurements that have expired at `nowSeconds`. `more`: there may be others. */
  return (nowSeconds: number, rows: number): { deleted: number; more: boolean } => {
    const seconds = due.all(nowSeconds);
    let deleted = 0;
    for (const second of seconds) {
      deleted += remove.run(second, nowSeconds, rows - deleted).changes;
      if (deleted >= rows) return { deleted, more: true };
      const next = soonestLeft.get(second);
      if (typeof next === 'number') raise.run(next, second);
      else forget.run(second);
    }
    return { deleted, more: seconds.length === SECONDS_A_SLICE };
  };
}
