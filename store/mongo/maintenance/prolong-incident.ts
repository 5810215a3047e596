/** What an incident is about lives as long as it does, in either retention mode: its event, and the box's measurements, trends and aggregates of its span. Only ever prolonged. */
import type { Document } from 'mongodb';
import { AGGREGATE_SECONDS, type NewIncident } from '../../documents.js';
import { livingSpan } from '../../incidents.js';
import { type Context, collection } from '../connection/context.js';
import { mapped } from '../connection/errors.js';
import { int32, int64 } from '../fields/bson.js';

/** A trend's `timestamp_ms` is its window's end. */
const MINUTE_MS = 60_000;

/** @param until Unix seconds */
export async function prolongForIncident(
  context: Context,
  incident: NewIncident,
  until: number,
): Promise<void> {
  const { startMs, endMs, withMeasurements } = livingSpan(incident);
  const { box_id, event_id } = incident;
  const update = { $set: context.expiry.stored(until) };
  const earlier = { expire_at: { $lt: int64(until) } };
  const prolong = (
    name: 'events' | 'measurements' | 'trends' | 'aggregates',
    filter: Document,
  ): Promise<unknown> => collection(context, name).updateMany({ ...filter, ...earlier }, update);
  const within = (endsMs: number): Document => ({ $gte: int64(startMs), $lt: int64(endsMs) });
  await mapped('prolong what belongs to an incident', async () => {
    if (event_id >= 0) await prolong('events', { event_id: int32(event_id) });
    if (withMeasurements) await prolong('measurements', { box_id, timestamp_ms: within(endMs + 1) });
    await prolong('trends', { box_id, timestamp_ms: within(endMs + MINUTE_MS) });
    for (const seconds of AGGREGATE_SECONDS) {
      const window_seconds = int32(seconds);
      await prolong('aggregates', { box_id, window_seconds, timestamp_ms: within(endMs + 1000 * seconds) });
    }
  });
}
