/**
 * Open requests in the store, so that a broker that was killed asks again. The JSON is ours alone; what it does not understand
 * (written by another version) is left out, counted and removed.
 */
import { z } from 'zod';
import { MAX_BOX_ID } from '../../common/box-id.js';
import type { Clock } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import type { Rejections } from '../../common/rejections.js';
import { type Command, dialectNamed } from '../../proto/index.js';
import type { EventDocument, NewEvent, OpenRequest as StoredRequest } from '../../store/documents.js';
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
  rejections: Pick<Rejections, 'tally'>;
}

/** Events named in one line of the log. */
const NAMED = 20;

/**
 * The requests that were open when the last broker ended, less the boxes whose waveforms are stored. An event whose id was drawn but that
 * is not in the store yet is put there. While a database behind a spool is unavailable it is not known whose waveforms are stored. Then all
 * boxes are asked again while they still hold the window, and a second reply changes nothing. An event that the store refuses is left out
 * with its requests, counted and removed, as when it is requested: all others are taken up. One that it does not take for another reason is left out too, until the next start.
 * @param over called with the key of each request that is removed
 * @throws MakaiError STORE_UNAVAILABLE, STORE_ACCESS_DENIED: nothing of it can be stored at the moment
 */
export async function restoreRequests(
  options: RestoreOptions,
  over: (key: string) => void = () => undefined,
): Promise<OpenRequest[]> {
  const { store, outbox, clock, log, rejections } = options;
  const events = new Map<number, RequestedEvent>();
  const kept: OpenRequest[] = [];
  for (const { key, body } of await store.openRequests()) {
    try {
      const request = requestOf(key, body, events);
      if (Math.abs(clock.now() - request.acceptedAtMs) > OLDEST_RESTORED_MS) throw new Error('it is too old');
      kept.push(request);
    } catch (error) {
      log.warn({ request: key, err: error }, 'open request not taken up again');
      await close(options, key);
      over(key);
    }
  }
  const missing = await restoreEvents(events, options);
  const requests = kept.filter(({ event }) => event === undefined || !missing.has(event.id));
  for (const { event, key } of kept) {
    if (event === undefined || !isRefusal(missing.get(event.id))) continue;
    await close(options, key);
    over(key);
  }
  for (const _ of missing) rejections.tally('event_not_stored');
  for (const request of requests) {
    const { event, token } = request;
    if (event === undefined) continue;
    // The box of a later Command of a token may not have been added when the broker was killed.
    if (token !== undefined) {
      const boxIds = request.boxIds.map(String);
      const added = { kind: 'triggered_boxes', eventId: event.id, boxIds } as const;
      const error = await problemOf(outbox.put(added, { once: true }));
      if (error !== undefined)
        log.warn({ event: event.id, boxes: boxIds, err: error }, 'boxes not added to their event');
    }
    for (const boxId of event.boxes) request.wasStored(boxId);
  }
  if (requests.length > 0)
    log.info(
      { requests: requests.length, events: events.size - missing.size },
      'open requests taken up again',
    );
  return requests;
}

/**
 * Requests of a broker that is gone become this one's: durable here, then as after a start. One that this store refuses is left out, and counted.
 * @param own where they are kept; the outbox of the options also removes the copy of one that is over
 * @param over called with the key of each request that is removed
 * @throws as restoreRequests
 */
export async function adoptRequests(
  stored: readonly StoredRequest[],
  own: RestoreOptions['outbox'],
  options: Omit<RestoreOptions, 'store'> & { store: Pick<EventReader, 'event'> },
  over: (key: string) => void = () => undefined,
): Promise<OpenRequest[]> {
  const kept = async (request: StoredRequest): Promise<StoredRequest[]> => {
    const error = await problemOf(own.put({ kind: 'open_request', request }));
    if (error === undefined) return [request];
    options.log.warn(
      { request: request.key, err: error },
      'an open request of another broker is not taken up',
    );
    await close(options, request.key);
    options.rejections.tally('open_request_not_kept');
    over(request.key);
    return [];
  };
  const requests = (await Promise.all(stored.map(kept))).flat();
  const store: RestoreOptions['store'] = {
    openRequests: async () => requests,
    event: (id) => options.store.event(id),
  };
  return restoreRequests({ ...options, store }, over);
}

/** @returns why, of those that are not in the store and that it does not take; they are logged @throws as restoreRequests */
async function restoreEvents(
  events: ReadonlyMap<number, RequestedEvent>,
  { log, outbox, store }: RestoreOptions,
): Promise<ReadonlyMap<number, unknown>> {
  const missing = new Map<number, unknown>();
  for (const [id, requested] of events) {
    // Once: a start does not wait for a store that is unavailable, all of this is tried again.
    const problem = await problemOf(outbox.put({ kind: 'event', event: requested.event }, { once: true }));
    let stored: EventDocument | undefined;
    if (problem === undefined) stored = await knownEvent(store, id, log);
    else {
      // What is there already needs no writing.
      const unread = await problemOf(
        store.event(id).then((event) => {
          stored = event;
        }),
      );
      if (stored === undefined) missing.set(id, unread ?? problem);
    }
    requested.wereStored((stored?.boxes_received ?? []).map(Number));
  }
  const [first] = missing.values();
  if (missing.size > 0)
    log.error(
      { events: missing.size, ids: [...missing.keys()].slice(0, NAMED), err: first },
      'events that were requested before the start are not taken up again: the store does not take them',
    );
  return missing;
}

/** The event as the store has it; undefined too while that cannot be read. */
async function knownEvent(
  store: RestoreOptions['store'],
  eventId: number,
  log: Logger,
): Promise<EventDocument | undefined> {
  try {
    return await store.event(eventId);
  } catch (error) {
    if (codeOf(error) !== 'STORE_UNAVAILABLE')
      log.warn({ event: eventId, err: error }, 'an event cannot be read: its boxes are all asked again');
    return undefined;
  }
}

/** One that stays is looked at again after the next start. */
async function close({ log, outbox }: Pick<RestoreOptions, 'log' | 'outbox'>, key: string): Promise<void> {
  const error = await problemOf(outbox.put({ kind: 'closed_request', key }));
  if (error !== undefined) log.warn({ request: key, err: error }, 'open request not removed');
}

/**
 * Why the store did not do it; undefined: it did.
 * @throws MakaiError STORE_UNAVAILABLE, STORE_ACCESS_DENIED: nothing else can be done either
 */
async function problemOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'STORE_UNAVAILABLE' || code === 'STORE_ACCESS_DENIED') throw error;
    return error;
  }
}

/** The store will never take it. */
const isRefusal = (error: unknown): boolean => codeOf(error) === 'STORE_REFUSED';
