/**
 * Open requests in the store, so that a broker that was killed asks again. The JSON is ours alone; what it does not understand
 * (written by another version) is left out, counted and removed.
 */
import { z } from 'zod';
import { MAX_BOX_ID } from '../../common/box-id.js';
import type { Clock } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { type Command, dialectNamed } from '../../proto/index.js';
import type { EventDocument, NewEvent } from '../../store/documents.js';
import type { Outbox } from '../../store/outbox/outbox.js';
import type { EventReader, OpenRequestReader } from '../../store/store.js';
import { RequestedEvent } from '../events/requested-event.js';
import { OpenRequest } from './open-request.js';

/** A request older than this is not taken up again: no box keeps cycles for longer. */
export const OLDEST_RESTORED_MS = 3_600_000;

/** What the messages to boxes can hold: with several brokers, whoever may write to the stream of copies can bring any text here. */
const boxId = z.int().min(0).max(MAX_BOX_ID);
const uint32 = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
const ms = z.int().nonnegative();

const commandBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('info') }),
  z.strictObject({ kind: z.literal('data'), startMs: ms, endMs: ms, wait: z.boolean() }),
  z.strictObject({ kind: z.literal('samplingRate'), measurementWindowCycles: uint32 }),
  z.strictObject({ kind: z.literal('plugin'), pluginName: z.string(), message: z.string() }),
]);

const bodySchema = z.strictObject({
  version: z.literal(2),
  acceptedAtMs: ms,
  window: z.strictObject({ startMs: ms, endMs: ms }).optional(),
  event: z
    .strictObject({
      event_id: uint32.positive(),
      description: z.string(),
      boxes_triggered: z.array(z.string()),
      target_event_start_timestamp_ms: ms,
      target_event_end_timestamp_ms: ms,
      type: z.string(),
      percent_magnitude: z.number(),
      family: z.int().positive().optional(),
      boxes_refused: z.array(z.strictObject({ reason: z.string(), boxes: z.array(z.string()) })).optional(),
    })
    .optional(),
  noticeText: z.string().optional(),
  everyone: z.boolean(),
  /** `numbers`: of the command in each dialect, by the dialect's name */
  asks: z.array(z.strictObject({ boxId, numbers: z.record(z.string(), uint32) })),
  command: z
    .strictObject({ seq: uint32, boxId, timestampMs: ms, identity: z.string(), body: commandBody })
    .optional(),
  token: z.string().optional(),
});

type Body = z.infer<typeof bodySchema>;

/** The text under which a request is kept. Replies that are in are left out. */
export function bodyOf(request: OpenRequest): string {
  const { event } = request;
  return JSON.stringify({
    version: 2,
    acceptedAtMs: request.acceptedAtMs,
    window: request.window,
    event: event?.event,
    noticeText: event?.noticeText,
    everyone: request.everyone,
    asks: [...request.asks].map(({ boxId, numbers }) => ({
      boxId,
      numbers: Object.fromEntries([...numbers].map(([dialect, one]) => [dialect.name, one])),
    })),
    command: request.command,
    token: request.token,
  } satisfies Record<keyof Body, unknown>);
}

/**
 * Takes a kept request up again.
 * @param events by id: several requests with one event share its state
 * @throws ZodError, SyntaxError for a text that is not a request; Error for a dialect that is not known
 */
export function requestOf(key: string, text: string, events: Map<number, RequestedEvent>): OpenRequest {
  const body = bodySchema.parse(JSON.parse(text));
  return new OpenRequest({
    key,
    acceptedAtMs: body.acceptedAtMs,
    window: body.window,
    event: body.event && shared(body.event, body.noticeText ?? '', events),
    everyone: body.everyone,
    asks: body.asks.map(({ boxId, numbers }) => ({
      boxId,
      numbers: new Map(Object.entries(numbers).map(([name, one]) => [dialectNamed(name), one])),
    })),
    command: body.command satisfies Command | undefined,
    token: body.token,
  });
}

function shared(event: NewEvent, noticeText: string, events: Map<number, RequestedEvent>): RequestedEvent {
  const known = events.get(event.event_id);
  if (known !== undefined) return known;
  const requested = new RequestedEvent(event, noticeText);
  events.set(event.event_id, requested);
  return requested;
}

export interface RestoreOptions {
  store: OpenRequestReader & Pick<EventReader, 'event'>;
  outbox: Pick<Outbox, 'put'>;
  clock: Clock;
  log: Logger;
}

/**
 * The requests that were open when the last broker ended, less the boxes whose waveforms are stored. An event whose id was drawn but that
 * is not in the store yet is put there. While a database behind a spool is unavailable it is not known whose waveforms are stored. Then all
 * boxes are asked again while they still hold the window, and a second reply changes nothing.
 */
export async function restoreRequests({ store, outbox, clock, log }: RestoreOptions): Promise<OpenRequest[]> {
  const events = new Map<number, RequestedEvent>();
  const requests: OpenRequest[] = [];
  for (const { key, body } of await store.openRequests()) {
    try {
      const request = requestOf(key, body, events);
      if (Math.abs(clock.now() - request.acceptedAtMs) > OLDEST_RESTORED_MS) throw new Error('it is too old');
      requests.push(request);
    } catch (error) {
      log.warn({ request: key, err: error }, 'open request not taken up again');
      await outbox.put({ kind: 'closed_request', key });
    }
  }
  for (const requested of events.values()) await restoreEvent(store, outbox, requested);
  for (const request of requests) {
    const { event, token } = request;
    if (event === undefined) continue;
    // The box of a later Command of a token may not have been added when the broker was killed.
    if (token !== undefined) {
      const boxIds = request.boxIds.map(String);
      await outbox.put({ kind: 'triggered_boxes', eventId: event.id, boxIds }, { once: true });
    }
    for (const boxId of event.boxes) request.wasStored(boxId);
  }
  if (requests.length > 0)
    log.info({ requests: requests.length, events: events.size }, 'open requests taken up again');
  return requests;
}

async function restoreEvent(
  store: RestoreOptions['store'],
  outbox: RestoreOptions['outbox'],
  requested: RequestedEvent,
): Promise<void> {
  // Once: a start does not wait for a store that is unavailable, all of this is tried again.
  await outbox.put({ kind: 'event', event: requested.event }, { once: true });
  const stored = await knownEvent(store, requested.id);
  requested.wereStored((stored?.boxes_received ?? []).map(Number));
}

/** The event as the store has it; undefined too while that cannot be read. */
async function knownEvent(
  store: RestoreOptions['store'],
  eventId: number,
): Promise<EventDocument | undefined> {
  try {
    return await store.event(eventId);
  } catch (error) {
    if (codeOf(error) === 'STORE_UNAVAILABLE') return undefined;
    throw error;
  }
}
