/** Ten-minute and two-hour values: one row a box and window. The spread of values is kept as JSON: nothing searches in it. */
import {
  AGGREGATE_SECONDS,
  type AggregateDocument,
  type AggregateSeconds,
  type MeasurementCount,
  type NewAggregate,
  type Stored,
  type TimeRange,
} from '../documents.js';
import type { Context } from './context.js';
import { boxNumber, fromMs, toMs } from './values.js';

interface AggregateRow {
  box_id: string;
  timestamp_ms: number;
  window_seconds: number;
  document: string;
  expire_at: number;
}

export function aggregateOperations({ db, write, expireAt }: Context) {
  const insert = 'INSERT INTO aggregates (box_id, window_seconds, timestamp_ms, document, expire_at)';
  const replace = db.prepare<[string, number, number, string, number]>(
    `${insert} VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET document = excluded.document, expire_at = max(expire_at, excluded.expire_at)`,
  );
  const restore = db.prepare<[string, number, number, string, number]>(
    `${insert} VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const pageOf = (order: 'ASC' | 'DESC') =>
    db.prepare<[string, number, number, number, number], AggregateRow>(
      `SELECT * FROM aggregates WHERE box_id = ? AND window_seconds = ? AND timestamp_ms >= ? AND timestamp_ms < ?
       ORDER BY timestamp_ms ${order} LIMIT +?`,
    );
  const up = pageOf('ASC');
  const down = pageOf('DESC');
  const prolong = db.prepare<[number, string, number, number, number, number]>(
    `UPDATE aggregates SET expire_at = ?
     WHERE box_id = ? AND window_seconds = ? AND timestamp_ms >= ? AND timestamp_ms < ? AND +expire_at < ?`,
  );
  // Steps from one stored second to the next: only this box's rows are read, however many boxes there are.
  const counts = db.prepare<{ box: number; first: number; last: number; step: number }, MeasurementCount>(
    `WITH RECURSIVE stored(at) AS (
       SELECT min(second) FROM measurements WHERE second >= :first
       UNION ALL
       SELECT (SELECT min(second) FROM measurements WHERE second > stored.at) FROM stored WHERE stored.at < :last
     )
     SELECT CAST(:step AS INTEGER) * ((1000 * m.second + m.ms) / CAST(:step AS INTEGER)) AS startMs, count(*) AS count
     FROM stored CROSS JOIN measurements m ON m.second = stored.at AND m.box = :box
     WHERE stored.at < :last GROUP BY 1 ORDER BY 1`,
  );

  return {
    /** Those whose windows touch the span live until `until`, Unix seconds, or longer. */
    prolongAggregates(boxId: string, startMs: number, endMs: number, until: number): void {
      for (const seconds of AGGREGATE_SECONDS)
        prolong.run(until, boxId, seconds, startMs, endMs + 1000 * seconds, until);
    },

    putAggregates(aggregates: readonly NewAggregate[], nowMs: number): Stored {
      return write(() => {
        const until = expireAt('trends', nowMs);
        for (const { box_id, window_seconds, timestamp_ms, ...rest } of aggregates)
          replace.run(box_id, window_seconds, timestamp_ms, JSON.stringify(rest), until);
        return { inserted: aggregates.length, duplicates: 0 };
      });
    },

    restoreAggregate({
      box_id,
      window_seconds,
      timestamp_ms,
      expire_at,
      ...rest
    }: AggregateDocument): number {
      return restore.run(box_id, window_seconds, timestamp_ms, JSON.stringify(rest), expire_at).changes;
    },

    aggregatePage(
      boxId: string,
      windowSeconds: AggregateSeconds,
      range: TimeRange,
      pageSize: number,
    ): AggregateDocument[] {
      const statement = range.descending === true ? down : up;
      return statement.all(boxId, windowSeconds, fromMs(range), toMs(range), pageSize).map(documentOf);
    },

    measurementCounts(
      boxId: string,
      stepMs: number,
      range: { fromMs: number; toMs: number },
    ): MeasurementCount[] {
      const box = boxNumber(boxId);
      if (box === undefined) return [];
      const [first, last] = [Math.floor(range.fromMs / 1000), Math.floor(range.toMs / 1000)];
      return counts.all({ box, first, last, step: stepMs });
    },
  };
}

function documentOf(row: AggregateRow): AggregateDocument {
  const { box_id, timestamp_ms, expire_at } = row;
  const rest = JSON.parse(row.document) as Omit<
    AggregateDocument,
    'box_id' | 'timestamp_ms' | 'window_seconds' | 'expire_at'
  >;
  const window_seconds = row.window_seconds === 600 ? 600 : 7200;
  return { box_id, timestamp_ms, window_seconds, ...rest, expire_at };
}
