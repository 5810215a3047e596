/** Measurements: written from columns, read box by box. */
import { METRIC_FIELD, METRICS, type MeasurementColumns, type MetricField } from '../../proto/columns.js';
import type { InsertResult, MeasurementDocument, TimeRange } from '../store.js';
import { type Context, eventsOver } from './context.js';
import { boxNumber, fromMs, type Row, toMs } from './values.js';

export const FIELDS: readonly MetricField[] = METRICS.map((metric) => METRIC_FIELD[metric]);
const EXTREMES = FIELDS.flatMap((field) => [`${field}_min`, `${field}_max`]);
const COLUMNS = ['second', 'box', 'ms', ...FIELDS, 'invalid', ...EXTREMES, 'expire_at'];

export function measurementOperations({ db, write, retention, expireAt }: Context) {
  const insert = db.prepare(
    `INSERT OR IGNORE INTO measurements (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
  );
  const rowsOf = (order: 'ASC' | 'DESC') =>
    db.prepare<[number, number, number, number, number], Row>(
      `SELECT * FROM measurements WHERE second = ? AND box = ? AND ms >= ? AND ms < ? ORDER BY ms ${order} LIMIT ?`,
    );
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

  return {
    prolongMeasurements,

    insertMeasurements(batch: MeasurementColumns, nowMs: number): InsertResult {
      return write(() => {
        const until = expireAt('measurements', nowMs);
        let inserted = 0;
        const newest = new Map<number, number>();
        let earliest = Number.POSITIVE_INFINITY;
        let latest = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < batch.count; i += 1) {
          const box = batch.boxId[i] ?? 0;
          const timestampMs = Math.trunc(batch.timestampMs[i] ?? 0);
          if (timestampMs > (newest.get(box) ?? Number.NEGATIVE_INFINITY)) newest.set(box, timestampMs);
          earliest = Math.min(earliest, timestampMs);
          latest = Math.max(latest, timestampMs);
          inserted += insert.run(rowOf(batch, i, timestampMs, until)).changes;
        }
        for (const [box, timestampMs] of newest) setNewest.run(box, timestampMs);
        // Measurements can come after the event that they explain.
        if (retention.mode === 'laha' && inserted > 0) {
          for (const event of eventsOver(db, earliest, latest)) {
            prolongMeasurements(event.startMs, event.endMs, event.expireAt);
          }
        }
        return { inserted, duplicates: batch.count - inserted };
      });
    },

    /** At most about `pageSize` measurements of the range in its order, and whether there may be more. */
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
        for (const row of rows) documents.push(documentOf(row));
        second = descending ? secondUpTo.get(second - 1) : secondFrom.get(second + 1);
      }
      return documents;
    },
  };
}

/** The values of COLUMNS for entry `i`. Numbers go in as float32 made double: what comes back is what the box sent. */
function rowOf(batch: MeasurementColumns, i: number, timestampMs: number, until: number): unknown[] {
  const second = Math.floor(timestampMs / 1000);
  const row: unknown[] = [second, batch.boxId[i], timestampMs - 1000 * second];
  const extremes: (number | null)[] = [];
  for (const metric of METRICS) {
    const { min, average, max } = batch[metric];
    const value = average[i] ?? Number.NaN;
    const least = min[i] ?? Number.NaN;
    const greatest = max[i] ?? Number.NaN;
    // NaN (not sent) becomes NULL by SQLite's own rule.
    row.push(value);
    const differ = !Number.isNaN(value) && (least !== value || greatest !== value);
    extremes.push(differ ? orElse(least, value) : null, differ ? orElse(greatest, value) : null);
  }
  row.push(batch.invalid[i] ?? 0, ...extremes, until);
  return row;
}

function orElse(value: number, other: number): number {
  return Number.isNaN(value) ? other : value;
}

function documentOf(row: Row): MeasurementDocument {
  const document: MeasurementDocument = {
    box_id: String(row.box),
    timestamp_ms: 1000 * Number(row.second) + Number(row.ms),
    expire_at: Number(row.expire_at),
  };
  const extremes: MeasurementDocument['extremes'] = {};
  for (const field of FIELDS) {
    const value = row[field];
    if (typeof value !== 'number') continue;
    document[field] = value;
    const [min, max] = [row[`${field}_min`], row[`${field}_max`]];
    if (typeof min === 'number' && typeof max === 'number') extremes[field] = { min, max };
  }
  if (Object.keys(extremes).length > 0) document.extremes = extremes;
  const bits = Number(row.invalid);
  const invalid = FIELDS.filter((_, bit) => (bits & (1 << bit)) !== 0);
  if (invalid.length > 0) document.invalid = invalid;
  return document;
}
