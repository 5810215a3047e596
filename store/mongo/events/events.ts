/** Events: one document per request for waveforms. */
import type { Document, PushOperator } from 'mongodb';
import {
  type EventDocument,
  FOREVER_SECONDS,
  type NewEvent,
  type RefusedBoxes,
  type Stored,
  type TimeRange,
} from '../../documents.js';
import { type Context, collection } from '../connection/context.js';
import { streamed } from '../connection/cursor.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { boxIdOf, double, int32, int64, listOf, numberOf, textOf } from '../fields/bson.js';
import { releaseKeptValues } from '../maintenance/kept-values.js';
import { prolongForEvent } from '../maintenance/prolong.js';
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
    ...(event.family === undefined ? {} : { family: int32(event.family) }),
    ...(event.request_data === false ? { request_data: false } : {}),
    ...(event.boxes_refused === undefined ? {} : { boxes_refused: event.boxes_refused }),
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

/** @returns false when there is no such event */
export async function keepEvent(
  context: Context,
  eventId: number,
  keep: boolean,
  nowMs: number,
): Promise<boolean> {
  const event = await readEvent(context, eventId);
  if (event === undefined) return false;
  if (!keep && event.kept !== true) return true;
  // The incidents first: an event that is not kept any more is left as it is by another try.
  const until = keep ? FOREVER_SECONDS : await expireIncidents(context, eventId, nowMs);
  const usual = await context.expiry.fields('events', nowMs);
  const isLast = (numberOf(usual.expire_at) ?? 0) >= until;
  const { expireAt, expire_at } = isLast ? usual : context.expiry.stored(until);
  await mapped(`keep event ${eventId}`, () =>
    collection(context, 'events').updateOne(
      { event_id: int32(eventId) },
      {
        $set: { expire_at, ...(keep ? { kept: true } : {}), ...(expireAt === undefined ? {} : { expireAt }) },
        $unset: { ...(keep ? {} : { kept: '' }), ...(expireAt === undefined ? { expireAt: '' } : {}) },
      },
    ),
  );
  if (!keep) {
    const released = { ...event, expire_at: numberOf(expire_at) ?? 0 };
    if (context.expiry.mode === 'laha') await releaseKeptValues(context, released, nowMs);
    return true;
  }
  await mapped(`keep the incidents of event ${eventId}`, () =>
    collection(context, 'incidents').updateMany(
      { event_id: int32(eventId) },
      { $set: { expire_at: int64(FOREVER_SECONDS) }, $unset: { expireAt: '' } },
    ),
  );
  if (context.expiry.mode === 'laha')
    await prolongForEvent(context, { ...event, expire_at: FOREVER_SECONDS });
  return true;
}

/**
 * The incidents of an event that is kept no longer expire as if they were stored now.
 * @returns when the last one expires, Unix seconds: an event lives as long as its incidents; 0 without any
 */
async function expireIncidents(context: Context, eventId: number, nowMs: number): Promise<number> {
  const expiry = await context.expiry.fields('incidents', nowMs);
  return await mapped(`keep the incidents of event ${eventId} no longer`, async () => {
    const incidents = collection(context, 'incidents');
    const event_id = int32(eventId);
    await incidents.updateMany({ event_id, expire_at: { $gte: int64(FOREVER_SECONDS) } }, { $set: expiry });
    const [last] = await incidents.find({ event_id }).sort({ expire_at: -1 }).limit(1).toArray();
    return numberOf(last?.expire_at) ?? 0;
  });
}

/** Whether an event is kept for good, and what is found in it later with it. */
export async function isKept(context: Context, eventId: number): Promise<boolean> {
  if (eventId < 0) return false;
  const kept = await mapped(`look whether event ${eventId} is kept`, () =>
    collection(context, 'events').findOne(
      { event_id: int32(eventId), kept: true },
      { projection: { event_id: 1 } },
    ),
  );
  return kept !== null;
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
  const family = numberOf(document.family);
  if (family !== undefined) event.family = family;
  if (document.kept === true) event.kept = true;
  const waveformsDeletedMs = numberOf(document.waveforms_deleted_ms);
  if (waveformsDeletedMs !== undefined) event.waveforms_deleted_ms = waveformsDeletedMs;
  if (document.request_data === false) event.request_data = false;
  const refused = listOf(document.boxes_refused, refusedOf);
  if (refused.length > 0) event.boxes_refused = refused;
  return event;
}

function refusedOf(value: unknown): RefusedBoxes | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const reason = textOf(Reflect.get(value, 'reason'));
  return reason === undefined ? undefined : { reason, boxes: listOf(Reflect.get(value, 'boxes'), boxIdOf) };
}
