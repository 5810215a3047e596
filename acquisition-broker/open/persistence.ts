/**
 * Open requests in the store, so that a broker that was killed asks again. The JSON is ours alone; what it does not understand
 * (written by another version) is left out, counted and removed.
 */
import { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import type { Command } from '../../proto/messages.js';
import type { EventDocument, NewEvent, Store } from '../../store/store.js';
import { type AskedEvent, newRequest, type OpenRequest } from './request.js';

/** A request older than this is not taken up again: no box keeps cycles for longer. */
export const OLDEST_RESTORED_MS = 3_600_000;

const boxId = z.int().positive();
const seq = z.int().nonnegative();

const commandBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('info') }),
  z.strictObject({ kind: z.literal('data'), startMs: z.number(), endMs: z.number(), wait: z.boolean() }),
  z.strictObject({ kind: z.literal('samplingRate'), measurementWindowCycles: z.number() }),
  z.strictObject({ kind: z.literal('plugin'), pluginName: z.string(), message: z.string() }),
]);

const bodySchema = z.strictObject({
  version: z.literal(1),
  acceptedAtMs: z.number(),
  window: z.strictObject({ startMs: z.number(), endMs: z.number() }).optional(),
  event: z
    .strictObject({
      event_id: z.int().positive(),
      description: z.string(),
      boxes_triggered: z.array(z.string()),
      target_event_start_timestamp_ms: z.number(),
      target_event_end_timestamp_ms: z.number(),
      type: z.string(),
      percent_magnitude: z.number(),
    })
    .optional(),
  noticeText: z.string().optional(),
  read: z.boolean(),
  everyone: z.boolean(),
  asks: z.array(z.strictObject({ boxId, read: z.boolean(), seq: seq.optional() })),
  command: z
    .strictObject({ seq, boxId, timestampMs: z.number(), identity: z.string(), body: commandBody })
    .optional(),
  token: z.string().optional(),
});

type Body = z.infer<typeof bodySchema>;

/** The text under which a request is kept. Answers that are in are left out. */
export function bodyOf(request: OpenRequest): string {
  const { event } = request;
  return JSON.stringify({
    version: 1,
    acceptedAtMs: request.acceptedAtMs,
    window: request.window,
    event: event?.event,
    noticeText: event?.noticeText,
    read: request.read,
    everyone: request.everyone,
    asks: [...request.asks.values()].map((ask) => ({ boxId: ask.boxId, read: ask.read, seq: ask.seq })),
    command: request.command,
    token: request.token,
  } satisfies Record<keyof Body, unknown>);
}

/** Takes a kept request up again; several with one event share its state. */
export function requestOf(key: string, text: string, events: Map<number, AskedEvent>): OpenRequest {
  const body = bodySchema.parse(JSON.parse(text));
  return newRequest({
    key,
    acceptedAtMs: body.acceptedAtMs,
    window: body.window,
    event: body.event && shared(body.event, body.noticeText ?? '', events),
    read: body.read,
    everyone: body.everyone,
    asks: body.asks.map((ask) => ({ boxId: ask.boxId, read: ask.read, seq: ask.seq })),
    command: body.command satisfies Command | undefined,
    token: body.token,
  });
}

function shared(event: NewEvent, noticeText: string, events: Map<number, AskedEvent>): AskedEvent {
  const known = events.get(event.event_id);
  if (known !== undefined) return known;
  const asked: AskedEvent = { event, noticeText, noticed: false, taken: new Set() };
  events.set(event.event_id, asked);
  return asked;
}

export interface RestoreOptions {
  store: Store;
  clock: Clock;
  log: Logger;
}

/**
 * The requests that were open when the last broker ended, less the boxes whose waveforms are stored. An event whose number was
 * drawn but that is not in the store yet is put there. While a database behind a spool is away nobody knows whose waveforms are stored: all boxes are
 * asked again, before their memory is over, and a second answer changes nothing.
 */
export async function restoreRequests({ store, clock, log }: RestoreOptions): Promise<OpenRequest[]> {
  const events = new Map<number, AskedEvent>();
  const requests: OpenRequest[] = [];
  for (const { key, body } of await store.openRequests()) {
    try {
      const request = requestOf(key, body, events);
      if (Math.abs(clock.now() - request.acceptedAtMs) > OLDEST_RESTORED_MS) throw new Error('it is too old');
      requests.push(request);
    } catch (error) {
      log.warn({ request: key, error: messageOf(error) }, 'open request not taken up again');
      await store.removeOpenRequest(key);
    }
  }
  for (const asked of events.values()) await restoreEvent(store, asked);
  for (const { asks, event, readAnswers, token } of requests) {
    if (event === undefined) continue;
    // The box of a later Command of a token may not have been added when the broker was killed.
    if (token !== undefined)
      await store.addTriggeredBoxes(event.event.event_id, [...asks.keys()].map(String));
    for (const taken of event.taken) {
      asks.delete(taken);
      readAnswers.add(taken);
    }
  }
  if (requests.length > 0)
    log.info({ requests: requests.length, events: events.size }, 'open requests taken up again');
  return requests;
}

async function restoreEvent(store: Store, asked: AskedEvent): Promise<void> {
  await store.insertEvent(asked.event);
  const stored = await knownEvent(store, asked.event.event_id);
  for (const box of stored?.boxes_received ?? []) asked.taken.add(Number(box));
  asked.noticed = asked.taken.size > 0;
}

/** The event as the store has it; undefined too while that cannot be read. */
async function knownEvent(store: Store, eventId: number): Promise<EventDocument | undefined> {
  try {
    return await store.event(eventId);
  } catch (error) {
    if (codeOf(error) === 'STORE_UNAVAILABLE') return undefined;
    throw error;
  }
}
