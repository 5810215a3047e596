/** Measurements: written from columns, read box by box. */
import { METRIC_FIELD, METRICS, type MeasurementColumns, type MetricField } from '../../proto/columns.js';
import type { InsertResult, MeasurementDocument, TimeRange } from '../store.js';
import type { Context } from './context.js';
import { boxNumber, fromMs, toMs } from './values.js';

export const FIELDS: readonly MetricField[] = METRICS.map((metric) => METRIC_FIELD[metric]);
const EXTREMES = FIELDS.flatMap((field) => [`${field}_min`, `${field}_max`]);
const READ_COLUMNS = ['ms', 'expire_at', 'invalid', ...FIELDS, ...EXTREMES];
const FIRST_VALUE = READ_COLUMNS.indexOf('frequency');
const FIRST_EXTREME = READ_COLUMNS.indexOf('frequency_min');
/** Values of READ_COLUMNS: arrays are read a third faster than objects of 15 fields. */
type ReadRow = (number | null)[];
const WRITTEN_COLUMNS = ['second', 'box', 'ms', ...FIELDS, 'invalid', 'expire_at', ...EXTREMES];
const WIDTH = WRITTEN_COLUMNS.length;
const FIRST_AVERAGE = 3;
const FIRST_WRITTEN_EXTREME = WIDTH - EXTREMES.length;
/** Rows in one INSERT: a row costs a quarter less than in one of its own; more than this gain nothing. */
const ROWS_AT_ONCE = 32;

/**
 * The table `newest` is brought up to date when a box is this much further, not at each measurement. So a box's newest measurement is at
 * most this much past what stands there.
 */
export const NEWEST_STEP_MS = 60_000;
/** Boxes whose place in `newest` is remembered. */
const REMEMBERED_BOXES = 100_000;

export function measurementOperations(context: Context) {
  const { db, write, expireAt } = context;
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
  const noteNewest = (box: number, timestampMs: number): void => {
    const noted = newest.get(box);
    if (noted !== undefined && timestampMs <= noted + NEWEST_STEP_MS) return;
    if (newest.size >= REMEMBERED_BOXES) newest.clear();
    newest.set(box, timestampMs);
    setNewest.run(box, timestampMs);
  };

  const insertAll = (batch: MeasurementColumns, until: number): InsertResult => {
    let inserted = 0;
    // Measurements can come after the event that they explain.
    const events = context.eventsOver(...spanOf(batch));
    const values: (number | null)[] = new Array(ROWS_AT_ONCE * WIDTH).fill(null);
    let rows = 0;
    for (let i = 0; i < batch.count; i += 1) {
      const box = batch.boxId[i] ?? 0;
      const timestampMs = Math.trunc(batch.timestampMs[i] ?? 0);
      let rowUntil = until;
      for (const { startMs, endMs, expireAt: later } of events) {
        if (timestampMs >= startMs && timestampMs <= endMs && later > rowUntil) rowUntil = later;
      }
      writeRow(values, rows * WIDTH, batch, i, rowUntil);
      rows += 1;
      if (rows === ROWS_AT_ONCE) {
        inserted += insertMany.run(values).changes;
        rows = 0;
      }
      noteNewest(box, timestampMs);
    }
    for (let at = 0; at < rows; at += 1)
      inserted += insertOne.run(values.slice(at * WIDTH, (at + 1) * WIDTH)).changes;
    return { inserted, duplicates: batch.count - inserted };
  };

  return {
    prolongMeasurements,

    /** What was remembered of `newest` may have gone with a transaction. */
    forgetNewest: (): void => newest.clear(),

    insertMeasurements(batch: MeasurementColumns, nowMs: number): InsertResult {
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

/**
 * The values of WRITTEN_COLUMNS for entry `i`, from `at` on. Numbers go in as float32 made double: what comes back is what the box
 * sent; NaN (not sent) becomes NULL by SQLite's own rule. Extremes are NULL for metrics where both equal the average.
 */
function writeRow(
  values: (number | null)[],
  at: number,
  batch: MeasurementColumns,
  i: number,
  until: number,
): void {
  const timestampMs = Math.trunc(batch.timestampMs[i] ?? 0);
  const second = Math.floor(timestampMs / 1000);
  values[at] = second;
  values[at + 1] = batch.boxId[i] ?? 0;
  values[at + 2] = timestampMs - 1000 * second;
  values[at + FIRST_AVERAGE + METRICS.length] = batch.invalid[i] ?? 0;
  values[at + FIRST_AVERAGE + METRICS.length + 1] = until;
  for (let m = 0; m < METRICS.length; m += 1) {
    const { min, average, max } = batch[METRICS[m] ?? 'f'];
    const value = average[i] ?? Number.NaN;
    const least = min[i] ?? value;
    const greatest = max[i] ?? value;
    const same = Number.isNaN(value) || (least === value && greatest === value);
    values[at + FIRST_AVERAGE + m] = value;
    values[at + FIRST_WRITTEN_EXTREME + 2 * m] = same ? null : orElse(least, value);
    values[at + FIRST_WRITTEN_EXTREME + 2 * m + 1] = same ? null : orElse(greatest, value);
  }
}

function orElse(value: number, other: number): number {
  return Number.isNaN(value) ? other : value;
}

function documentOf(boxId: string, baseMs: number, row: ReadRow): MeasurementDocument {
  const document: MeasurementDocument = {
    box_id: boxId,
    timestamp_ms: baseMs + (row[0] ?? 0),
    expire_at: row[1] ?? 0,
  };
  let extremes: MeasurementDocument['extremes'];
  for (let i = 0; i < FIELDS.length; i += 1) {
    const field = FIELDS[i];
    const value = row[FIRST_VALUE + i];
    if (field === undefined || typeof value !== 'number') continue;
    document[field] = value;
    const min = row[FIRST_EXTREME + 2 * i];
    const max = row[FIRST_EXTREME + 2 * i + 1];
    if (typeof min !== 'number' || typeof max !== 'number') continue;
    extremes ??= {};
    extremes[field] = { min, max };
  }
  if (extremes !== undefined) document.extremes = extremes;
  const bits = row[2] ?? 0;
  if (bits !== 0) document.invalid = FIELDS.filter((_, bit) => (bits & (1 << bit)) !== 0);
  return document;
}
