/** Measurements: written from columns, read box by box. */
import type { MeasurementColumns } from '../../proto/columns.js';
import type { MeasurementDocument, Stored, TimeRange } from '../documents.js';
import type { Context } from './context.js';
import { measurementExpiry } from './measurement-expiry.js';
import {
  documentOf,
  inKeyOrder,
  metricsOf,
  READ_COLUMNS,
  type ReadRow,
  WRITTEN_COLUMNS,
  writeRow,
} from './measurement-rows.js';
import { boxNumber, fromMs, toMs } from './values.js';

const WIDTH = WRITTEN_COLUMNS.length;
/** Rows in one INSERT: a row costs a quarter less than in one of its own; more than this gain nothing. */
const ROWS_AT_ONCE = 50;

/**
 * The table `newest` is brought up to date when a box is this much further, not at each measurement. So a box's newest measurement is at
 * most this much past what stands there.
 */
export const NEWEST_STEP_MS = 60_000;
/** Boxes whose place in `newest` is remembered. */
const REMEMBERED_BOXES = 100_000;

export function measurementOperations(context: Context) {
  const { db, write, expireAt } = context;
  const expiry = measurementExpiry(db);
  const row = `(${WRITTEN_COLUMNS.map(() => '?').join(', ')})`;
  const insertRows = (rows: number) =>
    db.prepare(
      `INSERT OR IGNORE INTO measurements (${WRITTEN_COLUMNS.join(', ')}) VALUES ${new Array(rows).fill(row).join(', ')}`,
    );
  const insertMany = insertRows(ROWS_AT_ONCE);
  const insertOne = insertRows(1);
  const rowsOf = (order: 'ASC' | 'DESC') =>
    db
      .prepare<[number, number, number, number, number], ReadRow>(
        `SELECT ${READ_COLUMNS.join(', ')} FROM measurements
         WHERE second = ? AND box = ? AND ms >= ? AND ms < ? ORDER BY ms ${order} LIMIT ?`,
      )
      .raw(true);
  const up = rowsOf('ASC');
  const down = rowsOf('DESC');
  const secondFrom = db
    .prepare<[number], number | null>('SELECT min(second) FROM measurements WHERE second >= ?')
    .pluck(true);
  const secondUpTo = db
    .prepare<[number], number | null>('SELECT max(second) FROM measurements WHERE second <= ?')
    .pluck(true);
  const setNewest = db.prepare<[number, number]>(
    `INSERT INTO newest VALUES (?, ?) ON CONFLICT DO UPDATE SET timestamp_ms = excluded.timestamp_ms
     WHERE excluded.timestamp_ms > timestamp_ms`,
  );
  const prolong = db.prepare<[number, number, number, number, number, number]>(
    `UPDATE measurements SET expire_at = ?
     WHERE second BETWEEN ? AND ? AND 1000 * second + ms BETWEEN ? AND ? AND expire_at < ?`,
  );

  /** What explains an event lives as long as the event; both ends belong to the window. */
  const prolongMeasurements = (startMs: number, endMs: number, until: number): void => {
    prolong.run(until, Math.floor(startMs / 1000), Math.floor(endMs / 1000), startMs, endMs, until);
  };

  const newest = new Map<number, number>();
  /** @returns up to which time nothing is to be noted of the box */
  const noteNewest = (box: number, timestampMs: number): number => {
    const upTo = (newest.get(box) ?? Number.NEGATIVE_INFINITY) + NEWEST_STEP_MS;
    if (timestampMs <= upTo) return upTo;
    if (newest.size >= REMEMBERED_BOXES) newest.clear();
    newest.set(box, timestampMs);
    setNewest.run(box, timestampMs);
    return timestampMs + NEWEST_STEP_MS;
  };

  const insertAll = (batch: MeasurementColumns, until: number): Stored => {
    let inserted = 0;
    // Measurements can come after the event that they explain.
    const events = context.eventsOver(...spanOf(batch));
    const values: (number | null)[] = new Array(ROWS_AT_ONCE * WIDTH).fill(null);
    const notes = expiry.notes();
    const metrics = metricsOf(batch);
    const [order, entries] = inKeyOrder(batch);
    let rows = 0;
    let [lastBox, notedUpTo] = [-1, 0];
    for (const key of order) {
      const i = key % entries;
      const box = batch.boxId[i] ?? 0;
      const timestampMs = Math.trunc(batch.timestampMs[i] ?? 0);
      let rowUntil = until;
      for (const { startMs, endMs, expireAt: later } of events) {
        if (timestampMs >= startMs && timestampMs <= endMs && later > rowUntil) rowUntil = later;
      }
      writeRow(values, rows * WIDTH, batch, metrics, i, rowUntil);
      notes.add(Math.floor(timestampMs / 1000), rowUntil);
      rows += 1;
      if (rows === ROWS_AT_ONCE) {
        // As arguments, not as one array: the driver reads them 20 ns a value faster.
        inserted += insertMany.run(...values).changes;
        rows = 0;
      }
      if (box === lastBox && timestampMs <= notedUpTo) continue;
      notedUpTo = noteNewest(box, timestampMs);
      lastBox = box;
    }
    for (let at = 0; at < rows; at += 1)
      inserted += insertOne.run(...values.slice(at * WIDTH, (at + 1) * WIDTH)).changes;
    notes.write();
    return { inserted, duplicates: batch.count - inserted };
  };

  return {
    prolongMeasurements,

    /** What was remembered of `newest` may have gone with a transaction. */
    forgetNewest: (): void => newest.clear(),

    insertMeasurements(batch: MeasurementColumns, nowMs: number): Stored {
      try {
        return write(() => insertAll(batch, expireAt('measurements', nowMs)));
      } catch (error) {
        newest.clear();
        throw error;
      }
    },

    /** At most `pageSize` measurements of the range in its order; fewer only at its end. */
    measurementPage(boxId: string, range: TimeRange, pageSize: number): MeasurementDocument[] {
      const box = boxNumber(boxId);
      const [from, to] = [fromMs(range), toMs(range)];
      const documents: MeasurementDocument[] = [];
      if (box === undefined || from >= to) return documents;
      const descending = range.descending === true;
      const [first, last] = [Math.floor(from / 1000), Math.floor((to - 1) / 1000)];
      let second = descending ? secondUpTo.get(last) : secondFrom.get(first);
      while (typeof second === 'number' && second >= first && second <= last && documents.length < pageSize) {
        const base = 1000 * second;
        const wanted = pageSize - documents.length;
        const rows = (descending ? down : up).all(second, box, from - base, to - base, wanted);
        for (const row of rows) documents.push(documentOf(boxId, base, row));
        second = descending ? secondUpTo.get(second - 1) : secondFrom.get(second + 1);
      }
      return documents;
    },
  };
}

/** The earliest and the latest time of a batch. */
function spanOf({ count, timestampMs }: MeasurementColumns): [earliest: number, latest: number] {
  let [earliest, latest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < count; i += 1) {
    earliest = Math.min(earliest, timestampMs[i] ?? earliest);
    latest = Math.max(latest, timestampMs[i] ?? latest);
  }
  return [earliest, latest];
}
