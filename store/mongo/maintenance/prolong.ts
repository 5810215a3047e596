/**
 * `retention: laha`: what explains an event lives as long as the event. Measurements within its window, and trends of the minutes it lies in, get
 * its `expire_at` where theirs is earlier: as the analysis service does, less its shortening of what already lives longer.
 */
import type { AnyBulkWriteOperation, Document } from 'mongodb';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { int64, numberOf } from '../fields/bson.js';
import { boxTimeRange } from '../fields/ids.js';

/** No event's window is longer: bounds the search for events that cover a time. */
const LONGEST_WINDOW_MS = 3_600_000;
/** A trend's `timestamp_ms` is its window's end, at most so long after what it holds. */
const MINUTE_MS = 60_000;
/** What belongs to an event comes at most so long after it, except after an outage (which the search for what is about to be deleted is for). */
const RECENT_MS = 300_000;
const EVENTS_AT_ONCE = 200;

/** An event as far as prolonging goes. */
export interface LivingEvent {
  startMs: number;
  endMs: number;
  expireAt: number;
}

type Kind = 'measurements' | 'trends';

/** True when a measurement, or a trend, of this time explains the event. */
export function explains(kind: Kind, timestampMs: number, event: LivingEvent): boolean {
  return kind === 'measurements'
    ? timestampMs >= event.startMs && timestampMs <= event.endMs
    : timestampMs >= event.startMs && timestampMs < event.endMs + MINUTE_MS;
}

/** Gives the documents that are about to be written the expiry of the events that they explain where that is later. Nothing to do in mode `ttl`. */
export async function prolonged<T>(
  context: Context,
  kind: Kind,
  items: readonly T[],
  timeOf: (item: T) => number,
  prolong: (item: T, expireAt: number) => void,
): Promise<void> {
  if (context.expiry.mode !== 'laha' || items.length === 0) return;
  const times = items.map(timeOf);
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  for (const event of await eventsOver(context, kind, first, last)) {
    for (const item of items) if (explains(kind, timeOf(item), event)) prolong(item, event.expireAt);
  }
}

export async function prolongForEvent(
  context: Context,
  event: {
    target_event_start_timestamp_ms: number;
    target_event_end_timestamp_ms: number;
    expire_at: number;
  },
): Promise<void> {
  await prolongForEvents(context, [livingEvent(event)]);
}

/** The living events whose window touches the times from `fromMs` to `toMs` of such documents. */
export async function eventsOver(
  context: Context,
  kind: Kind,
  fromMs: number,
  toMs: number,
): Promise<LivingEvent[]> {
  const from = kind === 'measurements' ? fromMs : fromMs - MINUTE_MS;
  const documents = await mapped('look for events over a time', () =>
    collection(context, 'events')
      .find(
        {
          target_event_start_timestamp_ms: { $gte: int64(from - LONGEST_WINDOW_MS), $lte: int64(toMs) },
          target_event_end_timestamp_ms: { $gte: int64(from) },
        },
        {
          projection: {
            target_event_start_timestamp_ms: 1,
            target_event_end_timestamp_ms: 1,
            expire_at: 1,
          },
        },
      )
      .toArray(),
  );
  return documents.map(livingEvent);
}

function livingEvent(document: Document): LivingEvent {
  return {
    startMs: numberOf(document.target_event_start_timestamp_ms) ?? 0,
    endMs: numberOf(document.target_event_end_timestamp_ms) ?? 0,
    expireAt: numberOf(document.expire_at) ?? 0,
  };
}

/**
 * Before a sweep: what came while its event was being stored gets its prolongation after all, before we or another collector delete it: what
 * is recent, and what is about to be deleted.
 */
export async function prolongBeforeSweep(context: Context, nowMs: number): Promise<void> {
  const nowSeconds = Math.floor(nowMs / 1000);
  await prolongWithin(context, 'trends', nowMs - RECENT_MS, nowMs + LONGEST_WINDOW_MS, nowSeconds);
  for (const kind of ['measurements', 'trends'] as const) {
    const [span] = await mapped(`find expired ${kind}`, () =>
      collection(context, kind)
        .aggregate([
          { $match: { expire_at: { $lte: int64(nowSeconds) } } },
          { $group: { _id: null, first: { $min: '$timestamp_ms' }, last: { $max: '$timestamp_ms' } } },
        ])
        .toArray(),
    );
    const first = numberOf(span?.first);
    const last = numberOf(span?.last);
    if (first !== undefined && last !== undefined)
      await prolongWithin(context, kind, first, last, nowSeconds);
  }
}

async function prolongWithin(
  context: Context,
  kind: Kind,
  fromMs: number,
  toMs: number,
  nowSeconds: number,
): Promise<void> {
  const events = (await eventsOver(context, kind, fromMs, toMs)).filter(
    (event) => event.expireAt > nowSeconds,
  );
  for (let at = 0; at < events.length; at += EVENTS_AT_ONCE) {
    await prolongForEvents(context, events.slice(at, at + EVENTS_AT_ONCE));
  }
}

/** Gives what explains these events their `expire_at` where its own is earlier. */
export async function prolongForEvents(context: Context, events: readonly LivingEvent[]): Promise<void> {
  await mapped('prolong what belongs to an event', async () => {
    for (const kind of ['measurements', 'trends'] as const) {
      const updates = events.map((event) => prolongation(kind, event));
      await collection(context, kind).bulkWrite(updates, { ordered: false });
    }
  });
}

/** By `_id`, which begins with the time: the other index begins with the box. */
function prolongation(kind: Kind, event: LivingEvent): AnyBulkWriteOperation<Document> {
  const { startMs, endMs, expireAt } = event;
  const times =
    kind === 'measurements'
      ? { $gte: int64(startMs), $lte: int64(endMs) }
      : { $gte: int64(startMs), $lt: int64(endMs + MINUTE_MS) };
  return {
    updateMany: {
      filter: {
        _id: boxTimeRange(startMs, endMs + MINUTE_MS),
        timestamp_ms: times,
        expire_at: { $lt: int64(expireAt) },
      },
      update: { $set: { expire_at: int64(expireAt) } },
    },
  };
}
