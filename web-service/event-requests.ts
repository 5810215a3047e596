/** Asks the acquisition broker for an event, as a plugin or `makai request` does, and follows it until its waveforms are stored. */
import { randomUUID } from 'node:crypto';
import { type Clock, poll } from '../common/clock.js';
import { askForEvent, isEventOf } from '../daemon/event-client.js';
import type { StoreLink } from '../daemon/store-link.js';
import type { RequestEventMessage } from '../proto/messages.js';
import { silentBoxes } from '../store/boxes.js';
import type { EventDocument } from '../store/store.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { MAX_REQUEST_MS } from './api/events.js';
import { RequestError } from './http/problems.js';

/** How long to wait for the event id. */
const ID_MS = 10_000;
const LOOK_MS = 200;

export interface WantedEvent {
  from_ms: number;
  to_ms: number;
  boxes: readonly string[];
  type: NonNullable<RequestEventMessage['triggerType']>;
  description: string;
  request_data: boolean;
}

export interface EventRequestsOptions {
  requests: string;
  notices: string;
  curve: CurveClientOptions | undefined;
  link: StoreLink;
  clock: Clock;
}

export class EventRequests {
  readonly #options: EventRequestsOptions;
  made = 0;

  constructor(options: EventRequestsOptions) {
    this.#options = options;
  }

  /** @returns the event's id. @throws RequestError; MakaiError TIMEOUT where the broker does not reply */
  async ask(wanted: WantedEvent, caller: string): Promise<number> {
    const { curve, link, notices, requests } = this.#options;
    const message = messageOf(wanted, caller);
    const eventId = await askForEvent(message, {
      ...{ requests, notices, curve },
      isOurs: async (id) => isEventOf(await link.read((store) => store.event(id)), message),
      timeoutMs: ID_MS,
    });
    this.made += 1;
    return eventId;
  }

  /** The event as it is when every box that was asked has replied, or after so many ms. */
  follow(eventId: number, ms: number): Promise<EventDocument | undefined> {
    const { clock, link } = this.#options;
    return poll(
      () => link.read((store) => store.event(eventId)),
      (event) => event !== undefined && silentBoxes(event).length === 0,
      { clock, everyMs: LOOK_MS, ms },
    );
  }
}

function messageOf(wanted: WantedEvent, caller: string): RequestEventMessage {
  const { boxes, description, from_ms: startMs, request_data, to_ms: endMs, type } = wanted;
  const ms = endMs - startMs;
  if (ms <= 0 || ms > MAX_REQUEST_MS) {
    const message = `expected a time after from_ms, by ${MAX_REQUEST_MS / 1000} s at most`;
    throw new RequestError(`to_ms: ${message}`, [{ path: 'to_ms', message }]);
  }
  return {
    startMs: Math.round(startMs),
    endMs: Math.round(endMs),
    triggerType: type,
    percentMagnitude: 0,
    boxIds: boxes.map(Number),
    requestee: `makai web ${caller}`,
    // The end identifies our event among all that are announced.
    description: `${description === '' ? 'requested' : description} (${caller}, ${randomUUID().slice(0, 8)})`,
    requestData: request_data,
  };
}
