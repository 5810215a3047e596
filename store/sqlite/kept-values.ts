/** Measurements and trends around an event that is kept no longer, in mode `laha`: they live as long as other events and incidents around them, and no longer for good. */
import { FOREVER_SECONDS } from '../documents.js';
import { GOES_ON } from '../incidents.js';
import type { Context } from './context.js';

/** A trend's `timestamp_ms` is its window's end. */
const MINUTE_MS = 60_000;

export function keptValues(
  { db, eventsOver, expireAt }: Context,
  prolong: (startMs: number, endMs: number, until: number) => void,
) {
  const measurements = db.prepare<[number, number, number, number, number]>(
    `UPDATE measurements SET expire_at = ?
     WHERE second BETWEEN ? AND ? AND 1000 * second + ms BETWEEN ? AND ? AND expire_at >= ${FOREVER_SECONDS}`,
  );
  const noteExpiry = db.prepare<[number, number]>(
    `INSERT INTO measurement_expiry (second, soonest)
     SELECT second, min(expire_at) FROM measurements
     WHERE second BETWEEN ? AND ? AND expire_at < ${FOREVER_SECONDS} GROUP BY second
     ON CONFLICT (second) DO UPDATE SET soonest = min(soonest, excluded.soonest)`,
  );
  const trends = db.prepare<[number, number, number]>(
    `UPDATE trends SET expire_at = ?
     WHERE timestamp_ms >= ? AND timestamp_ms < ? AND expire_at >= ${FOREVER_SECONDS}`,
  );
  const lastIncident = db
    .prepare<[number, number], number | null>(
      `SELECT max(expire_at) FROM incidents WHERE start_timestamp_ms <= ? AND expire_at < ${FOREVER_SECONDS}
         AND (json_extract(document, '$.end_timestamp_ms') >= ? OR json_extract(document, '$.end_timestamp_ms') = ${GOES_ON})`,
    )
    .pluck(true);

  /** Inside a transaction. @param until when the event expires now */
  return (startMs: number, endMs: number, until: number, nowMs: number): void => {
    const lastMs = Math.max(until, lastIncident.get(endMs, startMs) ?? 0);
    const [first, last] = [Math.floor(startMs / 1000), Math.floor(endMs / 1000)];
    // What lives for good without the event stays.
    if (expireAt('measurements', nowMs) < FOREVER_SECONDS) {
      measurements.run(lastMs, first, last, startMs, endMs);
      noteExpiry.run(first, last);
    }
    if (expireAt('trends', nowMs) < FOREVER_SECONDS) trends.run(lastMs, startMs, endMs + MINUTE_MS);
    for (const event of eventsOver(startMs - MINUTE_MS, endMs + MINUTE_MS))
      prolong(event.startMs, event.endMs, event.expireAt);
  };
}
