/** Trends: one row a box and minute. */
import { METRIC_FIELD, METRICS, type MetricField } from '../../proto/columns.js';
import type { MinMaxAverage, NewTrend, Stored, TimeRange, TrendBand, TrendDocument } from '../documents.js';
import type { Context } from './context.js';
import { fromMs, type Row, toMs } from './values.js';

const FIELDS = METRICS.map((metric) => METRIC_FIELD[metric]);
const VALUES = FIELDS.flatMap((field) => [`${field}_min`, `${field}_max`, `${field}_average`]);
const REPLACED = ['location', ...VALUES, 'flagged', 'unflagged'];
const COLUMNS = ['box_id', 'timestamp_ms', ...REPLACED, 'expire_at'];
/** A trend belongs to an event when the minute before its `timestamp_ms` touches the event's window. */
const MINUTE_MS = 60_000;

export function trendOperations(context: Context) {
  const { db, write, expireAt } = context;
  // A replaced trend keeps a later expiry, as an event has given it.
  const replace = db.prepare(
    `INSERT INTO trends (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})
     ON CONFLICT DO UPDATE SET ${REPLACED.map((name) => `${name} = excluded.${name}`).join(', ')},
       expire_at = max(expire_at, excluded.expire_at)`,
  );
  const pageOf = (order: 'ASC' | 'DESC') =>
    db.prepare<[string, number, number, number], Row>(
      `SELECT * FROM trends WHERE box_id = ? AND timestamp_ms >= ? AND timestamp_ms < ?
       ORDER BY timestamp_ms ${order} LIMIT +?`,
    );
  const up = pageOf('ASC');
  const down = pageOf('DESC');
  const prolong = db.prepare<[number, number, number, number]>(
    'UPDATE trends SET expire_at = ? WHERE timestamp_ms >= ? AND timestamp_ms < ? AND +expire_at < ?',
  );
  const prolongTrends = (startMs: number, endMs: number, until: number): void => {
    prolong.run(until, startMs, endMs + MINUTE_MS, until);
  };

  const prolongBox = db.prepare<[number, string, number, number, number]>(
    'UPDATE trends SET expire_at = ? WHERE box_id = ? AND timestamp_ms >= ? AND timestamp_ms < ? AND +expire_at < ?',
  );

  const nextAfter = db
    .prepare<[string, number], number>(
      'SELECT timestamp_ms FROM trends WHERE box_id = ? AND timestamp_ms > ? ORDER BY timestamp_ms LIMIT 1',
    )
    .pluck(true);
  // One statement for each span: the rows of one lie together, and nothing has to be sorted.
  const bandOf = db.prepare<[string, number, number], Row>(
    `SELECT count(*) AS trends, total(flagged) AS flagged, ${FIELDS.flatMap((field) => [
      `min(${field}_min) AS ${field}_min`,
      `max(${field}_max) AS ${field}_max`,
      `avg(${field}_average) AS ${field}_average`,
    ]).join(', ')}
     FROM trends WHERE box_id = ? AND timestamp_ms > ? AND timestamp_ms <= ?`,
  );

  return {
    prolongTrends,
    prolongTrendsOfBox: (boxId: string, startMs: number, endMs: number, until: number): void => {
      prolongBox.run(until, boxId, startMs, endMs + MINUTE_MS, until);
    },

    putTrends(trends: readonly NewTrend[], nowMs: number): Stored {
      const stored = { inserted: trends.length, duplicates: 0 };
      if (trends.length === 0) return stored;
      return write(() => {
        const until = expireAt('trends', nowMs);
        const times = trends.map((trend) => trend.timestamp_ms);
        const earliest = times.reduce((a, b) => Math.min(a, b));
        const latest = times.reduce((a, b) => Math.max(a, b));
        const events = context.eventsOver(earliest - MINUTE_MS, latest);
        for (const trend of trends) {
          const { box_id, timestamp_ms, location } = trend;
          const values = FIELDS.flatMap((field) => {
            const { min = null, max = null, average = null } = trend[field] ?? {};
            return [min, max, average];
          });
          const explained = events.filter(
            ({ startMs, endMs }) => timestamp_ms >= startMs && timestamp_ms < endMs + MINUTE_MS,
          );
          const later = explained.reduce((latest, event) => Math.max(latest, event.expireAt), until);
          replace.run(box_id, timestamp_ms, location, ...values, ...flaggedValues(trend), later);
        }
        return stored;
      });
    },

    trendBands(
      boxId: string,
      stepMs: number,
      { fromMs: after, toMs: last }: { fromMs: number; toMs: number },
    ): TrendBand[] {
      const bands: TrendBand[] = [];
      for (let from = after; ; ) {
        const next = nextAfter.get(boxId, from);
        if (next === undefined || next > last) break;
        const startMs = Math.floor((next - 1) / stepMs) * stepMs;
        const to = Math.min(last, startMs + stepMs);
        const row = bandOf.get(boxId, from, to);
        const trends = Number(row?.trends ?? 0);
        if (row === undefined || trends === 0) break;
        bands.push({ startMs, trends, flagged: Number(row.flagged) / trends, ...metricsOf(row) });
        from = to;
      }
      return bands;
    },

    trendPage(boxId: string, range: TimeRange, pageSize: number): TrendDocument[] {
      const statement = range.descending === true ? down : up;
      return statement.all(boxId, fromMs(range), toMs(range), pageSize).map(documentOf);
    },
  };
}

/** The values of `flagged` and `unflagged`. */
export function flaggedValues({ flagged, unflagged }: NewTrend): [number | null, string | null] {
  return [flagged ?? null, unflagged === undefined ? null : JSON.stringify(unflagged)];
}

/** The metrics that a row has. */
function metricsOf(row: Row): Partial<Record<MetricField, MinMaxAverage>> {
  const metrics: Partial<Record<MetricField, MinMaxAverage>> = {};
  for (const field of FIELDS) {
    const [min, max, average] = [row[`${field}_min`], row[`${field}_max`], row[`${field}_average`]];
    if (typeof min !== 'number' || typeof max !== 'number' || typeof average !== 'number') continue;
    metrics[field] = { min, max, average };
  }
  return metrics;
}

function documentOf(row: Row): TrendDocument {
  const document: TrendDocument = {
    box_id: String(row.box_id),
    timestamp_ms: Number(row.timestamp_ms),
    location: String(row.location),
    expire_at: Number(row.expire_at),
  };
  Object.assign(document, metricsOf(row));
  if (typeof row.flagged === 'number') document.flagged = row.flagged;
  if (typeof row.unflagged === 'string') document.unflagged = JSON.parse(row.unflagged);
  return document;
}
