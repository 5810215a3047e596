/** What is worked out from stored measurements: trends, and how far each box has come. */
import { locationOf } from '../boxes.js';
import type { NewestOfBox, NewTrend, TrendWindow } from '../documents.js';
import { withFlagged } from '../flagged-trend.js';
import type { Context } from './context.js';
import { FIELDS, NEWEST_STEP_MS } from './measurement-insert.js';
import { boxNumber, type Row } from './values.js';

/** @param newestBefore the time of a box's newest stored measurement before a time; undefined: there is none */
export function trendWindowOperations(
  { db, expireAt }: Context,
  newestBefore: (boxId: string, toMs: number) => number | undefined,
) {
  const aggregate = db.prepare<unknown[], Row>(aggregateSql());
  const location = db
    .prepare<[string], string | null>("SELECT document ->> '$.location' FROM boxes WHERE box_id = ?")
    .pluck(true);
  const hasTrend = db
    .prepare<[string, number], 1>('SELECT 1 FROM trends WHERE box_id = ? AND timestamp_ms = ?')
    .pluck(true);
  const newestRows = db.prepare<[], { box: number; timestamp_ms: number }>(
    'SELECT * FROM newest ORDER BY box',
  );
  const newestTrend = db
    .prepare<[string], number | null>('SELECT max(timestamp_ms) FROM trends WHERE box_id = ?')
    .pluck(true);

  return {
    computeTrends(windows: readonly TrendWindow[], nowMs: number): (NewTrend | undefined)[] {
      return windows.map(({ boxId, startMs, endMs }) => {
        const box = boxNumber(boxId);
        if (box === undefined) return undefined;
        const mayLackSome = expireAt('measurements', startMs) * 1000 <= nowMs;
        if (mayLackSome && hasTrend.get(boxId, endMs) !== undefined) return undefined;
        const [first, last] = [Math.floor(startMs / 1000), Math.ceil(endMs / 1000) - 1];
        const row = aggregate.get({ box, startMs, endMs, first, last });
        if (row === undefined || row.count === 0) return undefined;
        const trend: NewTrend = {
          box_id: boxId,
          timestamp_ms: endMs,
          location: locationOf({ location: location.get(boxId) }),
        };
        const unflagged: NonNullable<NewTrend['unflagged']> = {};
        for (const field of FIELDS) {
          const average = row[`${field}_average`];
          if (typeof average !== 'number') continue;
          trend[field] = { min: Number(row[`${field}_min`]), max: Number(row[`${field}_max`]), average };
          const [min, max] = [row[`${field}_unflagged_min`], row[`${field}_unflagged_max`]];
          if (typeof min === 'number' && typeof max === 'number') unflagged[field] = { min, max };
        }
        return withFlagged(trend, Number(row.flagged), Number(row.count), unflagged);
      });
    },

    newestByBox(): NewestOfBox[] {
      return newestRows.all().flatMap(({ box, timestamp_ms }) => {
        const boxId = String(box);
        const measurementMs = newestBefore(boxId, timestamp_ms + NEWEST_STEP_MS + 1);
        if (measurementMs === undefined) return [];
        const trendMs = newestTrend.get(boxId);
        return [{ boxId, measurementMs, ...(typeof trendMs === 'number' ? { trendMs } : {}) }];
      });
    },
  };
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
    `min(CASE flags WHEN 0 THEN coalesce(${field}_min, ${field}) END) AS ${field}_unflagged_min`,
    `max(CASE flags WHEN 0 THEN coalesce(${field}_max, ${field}) END) AS ${field}_unflagged_max`,
  ]);
  return `
    WITH RECURSIVE stored(at) AS (
      SELECT min(second) FROM measurements WHERE second >= :first
      UNION ALL
      SELECT (SELECT min(second) FROM measurements WHERE second > stored.at) FROM stored WHERE stored.at < :last
    )
    SELECT count(*) AS count, coalesce(sum(flags <> 0), 0) AS flagged, ${terms.join(', ')}
    FROM stored CROSS JOIN measurements m ON m.second = stored.at AND m.box = :box
    WHERE stored.at <= :last AND 1000 * m.second + m.ms >= :startMs AND 1000 * m.second + m.ms < :endMs`;
}
