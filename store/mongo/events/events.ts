/** Events: one document per request for waveforms. */
import type { Document, PushOperator } from 'mongodb';
import type { EventDocument, NewEvent, Stored, TimeRange } from '../../documents.js';
import { type Context, collection } from '../connection/context.js';
import { streamed } from '../connection/cursor.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { boxIdOf, double, int32, int64, listOf, numberOf, textOf } from '../fields/bson.js';
import { expireAtOf } from '../measurements/measurement-document.js';

export async function insertEvent(context: Context, event: NewEvent, acceptedAtMs: number): Promise<Stored> {
  const expiry = await context.expiry.fields('events', acceptedAtMs);
  const fields = {
    type: event.type,
    description: event.description,
    boxes_triggered: [...event.boxes_triggered],
    boxes_received: [],
    latencies_ms: [],
    percent_magnitude: double(event.percent_magnitude),
    target_event_start_timestamp_ms: int64(event.target_event_start_timestamp_ms),
    target_event_end_timestamp_ms: int64(event.target_event_end_timestamp_ms),
    ...expiry,
  };
  return await mapped(`store event ${event.event_id}`, async () => {
    try {
      const { upsertedCount } = await collection(context, 'events').updateOne(
        { event_id: int32(event.event_id) },
        { $setOnInsert: fields },
        { upsert: true },
      );
      return { inserted: upsertedCount, duplicates: 1 - upsertedCount };
    } catch (error) {
      // Two upserts of one id at the same time: the other one was first, and an event that is there is left as it is.
      if (serverCode(error) !== DUPLICATE_KEY) throw error;
      return { inserted: 0, duplicates: 1 };
    }
  });
}

export async function addTriggeredBoxes(
  context: Context,
  eventId: number,
  boxIds: readonly string[],
): Promise<void> {
  await mapped(`add boxes to event ${eventId}`, () =>
    collection(context, 'events').updateOne(
      { event_id: int32(eventId) },
      { $addToSet: { boxes_triggered: { $each: [...boxIds] } } },
    ),
  );
}

/** Notes that a box replied: once per box, however often it is called. */
export async function addReceivedBox(
  context: Context,
  eventId: number,
  boxId: string,
  receivedAtMs: number,
): Promise<void> {
  const reply = {
    boxes_received: boxId,
    latencies_ms: int64(receivedAtMs),
  } as unknown as PushOperator<Document>;
  await mapped(`note the reply of box ${boxId} to event ${eventId}`, () =>
    collection(context, 'events').updateOne(
      { event_id: int32(eventId), boxes_received: { $ne: boxId } },
      { $push: reply },
    ),
  );
}

export async function readEvent(context: Context, eventId: number): Promise<EventDocument | undefined> {
  const document = await mapped(`read event ${eventId}`, () =>
    collection(context, 'events').findOne({ event_id: int32(eventId) }),
  );
  return document === null ? undefined : eventOf(document);
}

export function readEvents(context: Context, range: TimeRange = {}): AsyncIterable<EventDocument> {
  const from = collection(context, 'events');
  return streamed(from, {}, 'target_event_start_timestamp_ms', range, eventOf, 'event_id');
}

/** A stored event, also one of the analysis service or of the v3 services (no `type`, no `latencies_ms`). */
export function eventOf(document: Document): EventDocument {
  const event: EventDocument = {
    event_id: numberOf(document.event_id) ?? 0,
    description: textOf(document.description) ?? '',
    boxes_triggered: listOf(document.boxes_triggered, boxIdOf),
    boxes_received: listOf(document.boxes_received, boxIdOf),
    target_event_start_timestamp_ms: numberOf(document.target_event_start_timestamp_ms) ?? 0,
    target_event_end_timestamp_ms: numberOf(document.target_event_end_timestamp_ms) ?? 0,
    expire_at: numberOf(document.expire_at) ?? expireAtOf(document),
  };
  const type = textOf(document.type);
  if (type !== undefined) event.type = type;
  if (Array.isArray(document.latencies_ms)) event.latencies_ms = listOf(document.latencies_ms, numberOf);
  const magnitude = numberOf(document.percent_magnitude);
  if (magnitude !== undefined) event.percent_magnitude = magnitude;
  return event;
}
