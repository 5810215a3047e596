/** Measurements and trends around an event that is kept no longer, in mode `laha`: they live as long as other events and incidents around them, and no longer for good. */
import { type EventDocument, FOREVER_SECONDS } from '../../documents.js';
import { GOES_ON } from '../../incidents.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { int64, numberOf } from '../fields/bson.js';
import { boxTimeRange } from '../fields/ids.js';
import { eventsOver, prolongForEvents } from './prolong.js';

/** A trend's `timestamp_ms` is its window's end. */
const MINUTE_MS = 60_000;
const KEPT = { $gte: int64(FOREVER_SECONDS) };

/** @param event with the `expire_at` that it has now */
export async function releaseKeptValues(
  context: Context,
  {
    expire_at,
    target_event_end_timestamp_ms: endMs,
    target_event_start_timestamp_ms: startMs,
  }: Pick<EventDocument, 'expire_at' | 'target_event_end_timestamp_ms' | 'target_event_start_timestamp_ms'>,
  nowMs: number,
): Promise<void> {
  const until = Math.max(expire_at, await lastIncident(context, startMs, endMs));
  const update = { $set: { expire_at: int64(until) } };
  for (const [kind, timestamp_ms] of [
    ['measurements', { $gte: int64(startMs), $lte: int64(endMs) }],
    ['trends', { $gte: int64(startMs), $lt: int64(endMs + MINUTE_MS) }],
  ] as const) {
    const { expire_at: usual } = await context.expiry.fields(kind, nowMs);
    // What lives for good without the event stays.
    if ((numberOf(usual) ?? 0) >= FOREVER_SECONDS) continue;
    const filter = { _id: boxTimeRange(startMs, endMs + MINUTE_MS), timestamp_ms, expire_at: KEPT };
    await mapped(`release ${kind} of an event`, () => collection(context, kind).updateMany(filter, update));
  }
  await prolongForEvents(context, await eventsOver(context, 'trends', startMs, endMs + MINUTE_MS));
}

/** When the last incident in the span expires that is not kept, Unix seconds; 0 without any. */
async function lastIncident(context: Context, startMs: number, endMs: number): Promise<number> {
  const [last] = await mapped('look for incidents around an event', () =>
    collection(context, 'incidents')
      .find({
        start_timestamp_ms: { $lte: int64(endMs) },
        $or: [{ end_timestamp_ms: { $gte: int64(startMs) } }, { end_timestamp_ms: int64(GOES_ON) }],
        expire_at: { $lt: int64(FOREVER_SECONDS) },
      })
      .sort({ expire_at: -1 })
      .limit(1)
      .toArray(),
  );
  return numberOf(last?.expire_at) ?? 0;
}
