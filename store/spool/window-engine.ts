/**
 * Trend windows to be computed again once their measurements are delivered. They count as part of the spool and expire with it, but may take a small share of it
 * only: what is left out then is added again with the delivery of its measurements, so that it is lost only where these were stored before.
 */
import type { Database } from 'better-sqlite3';
import type { TrendWindow } from '../documents.js';
import type { SpoolLimits } from './rows.js';

/** What one window costs on disk, roughly. */
const WINDOW_BYTES = 32;
/** Share of the spool. */
const SHARE = 1 / 16;

/** Runs inside the transactions of the queue, whose totals hold these too. */
export function windowTable(db: Database, limits: SpoolLimits) {
  const add = db.prepare<[number, number, string]>('INSERT OR IGNORE INTO windows VALUES (?, ?, ?)');
  const isThere = db.prepare<[number, number, string], 1>(
    'SELECT 1 FROM windows WHERE start_ms = ? AND end_ms = ? AND box_id = ?',
  );
  const ready = db.prepare<[number, number], { start_ms: number; end_ms: number; box_id: string }>(
    'SELECT * FROM windows WHERE end_ms <= ? ORDER BY end_ms LIMIT +?',
  );
  const remove = db.prepare<[number, number, string]>(
    'DELETE FROM windows WHERE end_ms = ? AND start_ms = ? AND box_id = ?',
  );
  const expire = db.prepare<[number]>('DELETE FROM windows WHERE end_ms < ?');
  const counted = db.prepare<[], number>('SELECT count(*) FROM windows').pluck(true);
  const max = Math.floor((limits.maxBytes * SHARE) / WINDOW_BYTES);
  // One process has the file: counted once, and again after a transaction that was undone.
  let known: number | undefined;
  const count = (): number => {
    known ??= counted.get() ?? 0;
    return known;
  };
  return {
    count,
    bytes: (): number => count() * WINDOW_BYTES,
    forget: (): void => {
      known = undefined;
    },
    /** @returns how many did not fit */
    add(windows: readonly TrendWindow[]): number {
      let left = 0;
      for (const { startMs, endMs, boxId } of windows) {
        if (count() < max) known = count() + add.run(startMs, endMs, boxId).changes;
        else if (isThere.get(startMs, endMs, boxId) === undefined) left += 1;
      }
      return left;
    },
    /** Windows that ended by `untilMs`, earliest first. */
    ready: (untilMs: number, limit: number): TrendWindow[] =>
      ready.all(untilMs, limit).map((row) => ({
        boxId: row.box_id,
        startMs: row.start_ms,
        endMs: row.end_ms,
      })),
    remove(windows: readonly TrendWindow[]): void {
      for (const { startMs, endMs, boxId } of windows) {
        known = count() - remove.run(endMs, startMs, boxId).changes;
      }
    },
    /** Removes those that ended before `beforeMs`. @returns how many */
    expire(beforeMs: number): number {
      const { changes } = expire.run(beforeMs);
      known = count() - changes;
      return changes;
    },
  };
}

export type WindowTable = ReturnType<typeof windowTable>;
