/**
 * A measurement whose box and time are stored already. With the same values it is the same measurement. With other values nothing is lost: it is
 * stored at the next free ms, and `moved_ms` says by how much (docs/data-model.md, `reported_timestamp_ms`).
 */
import type { Database } from 'better-sqlite3';

/** Rows of a box that are compared with, back from the last one that was moved: more than come again when a batch is applied twice. */
const COMPARED = 1000;
/** Boxes whose last place is remembered, so that a clock that stands still is not searched from its first ms each time. */
const REMEMBERED_BOXES = 1000;

type Value = number | null;

/** Where the columns of a row begin with their values. */
export interface RowShape {
  /** names in the order of the values: second, box, ms and others */
  columns: readonly string[];
  /** columns that may differ in the same measurement */
  ignored: readonly string[];
}

export function repeatedTimes(db: Database, { columns, ignored }: RowShape) {
  const [second = 'second', box = 'box', ms = 'ms', ...others] = columns;
  const compared = others.filter((name) => !ignored.includes(name));
  const places = compared.map((name) => columns.indexOf(name));
  const sameValues = compared.map((name) => `${name} IS ?`).join(' AND ');
  const isThere = db
    .prepare<Value[], number>(
      `SELECT 1 FROM measurements WHERE ${second} = ? AND ${box} = ? AND ${ms} = ? AND moved_ms IS NULL AND ${sameValues}`,
    )
    .pluck(true);
  const isMovedThere = db
    .prepare<Value[], number>(
      `SELECT 1 FROM measurements WHERE ${second} = ? AND ${box} = ? AND ${ms} BETWEEN ? AND ?
       AND 1000 * ${second} + ${ms} - moved_ms = ? AND ${sameValues} LIMIT 1`,
    )
    .pluck(true);
  const insert = db.prepare<Value[]>(
    `INSERT OR IGNORE INTO measurements (${columns.join(', ')}, moved_ms) VALUES (${columns.map(() => '?').join(', ')}, ?)`,
  );
  const last = new Map<number, { timeMs: number; placeMs: number }>();

  /** Whether it was stored under another time before. */
  const wasMoved = (
    boxId: number,
    timeMs: number,
    fromMs: number,
    untilMs: number,
    values: Value[],
  ): boolean => {
    for (let at = Math.floor(fromMs / 1000); at <= Math.floor(untilMs / 1000); at += 1) {
      const [low, high] = [Math.max(0, fromMs - 1000 * at), Math.min(999, untilMs - 1000 * at)];
      if (isMovedThere.get(at, boxId, low, high, timeMs, ...values) !== undefined) return true;
    }
    return false;
  };

  return {
    /** What was remembered may have gone with a transaction. */
    forget: (): void => last.clear(),

    /**
     * Stores a row that was refused because its key is taken, unless it is the same measurement.
     * @param row values of all columns
     * @param noteSecond called with the second that it is stored in
     * @returns how many rows were stored: 0 or 1
     */
    store(row: readonly Value[], noteSecond: (second: number) => void): number {
      const [rowSecond, rowBox, rowMs] = row;
      const boxId = rowBox ?? 0;
      const values = places.map((place): Value => row[place] ?? null);
      if (isThere.get(rowSecond ?? 0, boxId, rowMs ?? 0, ...values) !== undefined) return 0;
      const timeMs = 1000 * (rowSecond ?? 0) + (rowMs ?? 0);
      const known = last.get(boxId);
      let placeMs = known?.timeMs === timeMs ? known.placeMs + 1 : timeMs + 1;
      if (
        wasMoved(
          boxId,
          timeMs,
          Math.max(timeMs + 1, placeMs - COMPARED),
          Math.max(placeMs, timeMs + COMPARED),
          values,
        )
      )
        return 0;
      for (;;) {
        const at = Math.floor(placeMs / 1000);
        const stored = insert.run(at, boxId, placeMs - 1000 * at, ...row.slice(3), placeMs - timeMs).changes;
        if (stored === 1) {
          noteSecond(at);
          if (last.size >= REMEMBERED_BOXES) last.clear();
          last.set(boxId, { timeMs, placeMs });
          return 1;
        }
        placeMs += 1;
      }
    },
  };
}
