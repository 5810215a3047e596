/** Trends: one row a box and minute. */
import { METRIC_FIELD, METRICS } from '../../proto/columns.js';
import type { TimeRange, TrendDocument } from '../documents.js';
import type { Context } from './context.js';
import { fromMs, type Row, toMs } from './values.js';

const FIELDS = METRICS.map((metric) => METRIC_FIELD[metric]);
const VALUES = FIELDS.flatMap((field) => [`${field}_min`, `${field}_max`, `${field}_average`]);
const COLUMNS = ['box_id', 'timestamp_ms', 'location', ...VALUES, 'expire_at'];
/** A trend belongs to an event when the minute before its `timestamp_ms` touches the event's window. */
const MINUTE_MS = 60_000;

export function trendOperations(context: Context) {
  const { db, write, expireAt } = context;
  // A replaced trend keeps a later expiry, as an event has given it.
  const replace = db.prepare(
    `INSERT INTO trends (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})
     ON CONFLICT DO UPDATE SET ${['location', ...VALUES].map((name) => `${name} = excluded.${name}`).join(', ')},
       expire_at = max(expire_at, excluded.expire_at)`,
  );
  const pageOf = (order: 'ASC' | 'DESC') =>
    db.prepare<[string, number, number, number], Row>(
      `SELECT * FROM trends WHERE box_id = ? AND timestamp_ms >= ? AND timestamp_ms < ?
       ORDER BY timestamp_ms ${order} LIMIT ?`,
    );
  const up = pageOf('ASC');
  const down = pageOf('DESC');
  const prolong = db.prepare<[number, number, number, number]>(
    'UPDATE trends SET expire_at = ? WHERE timestamp_ms >= ? AND timestamp_ms < ? AND expire_at < ?',
  );
  const prolongTrends = (startMs: number, endMs: number, until: number): void => {
    prolong.run(until, startMs, endMs + MINUTE_MS, until);
  };

  return {
    prolongTrends,

    putTrends(trends: readonly Omit<TrendDocument, 'expire_at'>[], nowMs: number): void {
      if (trends.length === 0) return;
      write(() => {
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
          replace.run(box_id, timestamp_ms, location, ...values, later);
        }
      });
    },

    trendPage(boxId: string, range: TimeRange, pageSize: number): TrendDocument[] {
      const statement = range.descending === true ? down : up;
      return statement.all(boxId, fromMs(range), toMs(range), pageSize).map(documentOf);
    },
  };
}

function documentOf(row: Row): TrendDocument {
  const document: TrendDocument = {
    box_id: String(row.box_id),
    timestamp_ms: Number(row.timestamp_ms),
    location: String(row.location),
    expire_at: Number(row.expire_at),
  };
  for (const field of FIELDS) {
    const [min, max, average] = [row[`${field}_min`], row[`${field}_max`], row[`${field}_average`]];
    if (typeof min !== 'number' || typeof max !== 'number' || typeof average !== 'number') continue;
    document[field] = { min, max, average };
  }
  return document;
}
