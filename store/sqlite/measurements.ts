/** Measurements: written from columns, read box by box, aggregated into trends. */
import { METRIC_FIELD, METRICS, type MeasurementColumns, type MetricField } from '../../proto/columns.js';
import type { InsertResult, MeasurementDocument, TimeRange, TrendDocument, TrendWindow } from '../store.js';
import { type Context, eventsOver } from './context.js';
import { boxNumber, fromMs, type Row, toMs } from './values.js';

const FIELDS: readonly MetricField[] = METRICS.map((metric) => METRIC_FIELD[metric]);
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
  const prolong = db.prepare<[number, number, number, number, number, number]>(
    `UPDATE measurements SET expire_at = ?
     WHERE second BETWEEN ? AND ? AND 1000 * second + ms BETWEEN ? AND ? AND expire_at < ?`,
  );
  const aggregate = db.prepare<unknown[], Row>(aggregateSql());
  const locationOf = db
    .prepare<[string], string | null>("SELECT document ->> '$.location' FROM boxes WHERE box_id = ?")
    .pluck(true);

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
        let earliest = Number.POSITIVE_INFINITY;
        let latest = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < batch.count; i += 1) {
          const timestampMs = Math.trunc(batch.timestampMs[i] ?? 0);
          earliest = Math.min(earliest, timestampMs);
          latest = Math.max(latest, timestampMs);
          inserted += insert.run(rowOf(batch, i, timestampMs, until)).changes;
        }
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

    computeTrends(windows: readonly TrendWindow[]): (Omit<TrendDocument, 'expire_at'> | undefined)[] {
      return windows.map(({ boxId, startMs, endMs }) => {
        const box = boxNumber(boxId);
        if (box === undefined) return undefined;
        const [first, last] = [Math.floor(startMs / 1000), Math.ceil(endMs / 1000) - 1];
        const row = aggregate.get({ box, startMs, endMs, first, last });
        if (row === undefined || row.count === 0) return undefined;
        const trend: Omit<TrendDocument, 'expire_at'> = {
          box_id: boxId,
          timestamp_ms: endMs,
          location: locationOf.get(boxId) ?? 'unknown',
        };
        for (const field of FIELDS) {
          const average = row[`${field}_average`];
          if (typeof average !== 'number') continue;
          trend[field] = { min: Number(row[`${field}_min`]), max: Number(row[`${field}_max`]), average };
        }
        return trend;
      });
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

/**
 * One box's minimum of minima, maximum of maxima and mean of averages over a window. The recursion steps from one stored second
 * to the next, so that only this box's rows are read, however many boxes there are; SQLite's avg() sums in double precision with compensation.
 */
function aggregateSql(): string {
  const terms = FIELDS.flatMap((field) => [
    `min(coalesce(${field}_min, ${field})) AS ${field}_min`,
    `max(coalesce(${field}_max, ${field})) AS ${field}_max`,
    `avg(${field}) AS ${field}_average`,
  ]);
  return `
    WITH RECURSIVE stored(at) AS (
      SELECT min(second) FROM measurements WHERE second >= :first
      UNION ALL
      SELECT (SELECT min(second) FROM measurements WHERE second > stored.at) FROM stored WHERE stored.at < :last
    )
    SELECT count(*) AS count, ${terms.join(', ')}
    FROM stored CROSS JOIN measurements m ON m.second = stored.at AND m.box = :box
    WHERE stored.at <= :last AND 1000 * m.second + m.ms >= :startMs AND 1000 * m.second + m.ms < :endMs`;
}
