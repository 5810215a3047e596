/**
 * From an accepted request to commands on the wire: number the event, store it, announce it, ask the boxes. Nothing is announced
 * or asked before the event and the open request are durable. Requests that come while the store works are numbered together.
 */

import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import type { NewEvent, Store } from '../../store/store.js';
import type { Presence } from '../boxes/presence.js';
import type { TimeWindow } from '../boxes/sender.js';
import type { SequenceNumbers } from '../boxes/sequence-numbers.js';
import type { RequestBook } from '../open/book.js';
import { bodyOf } from '../open/persistence.js';
import { type AskedEvent, newRequest, type OpenRequest } from '../open/request.js';
import type { Refusal } from '../requests/context.js';
import type { Notices } from './notices.js';
import type { EventNumbers } from './numbers.js';
import { type Patience, untilDone } from './patience.js';

/** A checked request for an event. */
export interface EventRequest {
  window: TimeWindow;
  /** trigger type's name */
  type: string;
  /** percent of the reference, not negative */
  percentMagnitude: number;
  description: string;
  /** boxes asked, each once; empty: every box */
  boxIds: readonly number[];
  /** false: the event is logged, no waveform is asked for */
  requestData: boolean;
}

/** An event that is durable, and what is asked for it. */
interface StoredEvent {
  asked: AskedEvent;
  open: OpenRequest | undefined;
}

export interface IntakeDeps {
  store: Store;
  clock: Clock;
  numbers: EventNumbers;
  notices: Notices;
  book: RequestBook;
  presence: Presence;
  sequence: SequenceNumbers;
  patience: Patience;
  rejections: Rejections;
  /** our identity: the text of the notice of 2020 */
  identity: string;
  /** boxes that waiting requests may name, each request at least one */
  limit: number;
}

/** Events numbered in one go at most. */
const BATCH = 64;

export class EventIntake {
  readonly #deps: IntakeDeps;
  readonly #waiting: { request: EventRequest; boxes: number }[] = [];
  /** boxes they name */
  #waitingBoxes = 0;
  #isWorking = false;
  #working: Promise<void> = Promise.resolve();
  accepted = 0;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /** Requests that wait for their number. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** While events are being numbered and stored: a promise for the end of it. */
  get busy(): Promise<void> | undefined {
    return this.#isWorking ? this.#working : undefined;
  }

  /** Takes a checked request, unless too many wait. @returns why not, when it does not */
  accept(request: EventRequest): Refusal {
    const { book, limit } = this.#deps;
    const boxes = this.#boxesOf(request);
    if (this.#waitingBoxes + boxes > limit) return 'too_many_waiting_requests';
    // What waits will be open soon.
    if (request.requestData && !book.hasRoom(this.#waitingBoxes + boxes)) return 'too_many_open_requests';
    this.accepted += 1;
    this.#waiting.push({ request, boxes });
    this.#waitingBoxes += boxes;
    if (!this.#isWorking) this.#working = this.#work();
    return undefined;
  }

  /** Boxes that a request will ask, as far as that is known: where none are named, those that are there. At most the limit. */
  #boxesOf({ boxIds }: EventRequest): number {
    const { limit, presence } = this.#deps;
    return Math.min(limit, Math.max(1, boxIds.length || presence.expected));
  }

  /** Waits until all accepted requests are dealt with. */
  async drained(): Promise<void> {
    while (this.#isWorking) await this.#working;
  }

  /** Works until nothing waits. The flag falls in the same turn in which that was seen, so that nothing is left lying. */
  async #work(): Promise<void> {
    this.#isWorking = true;
    try {
      // Stopping: what the store gave no number for was never accepted.
      while (this.#waiting.length > 0 && !this.#deps.patience.stopping.aborted) await this.#workBatch();
    } finally {
      this.#isWorking = false;
    }
  }

  async #workBatch(): Promise<void> {
    const batch = this.#waiting.slice(0, BATCH);
    const ids = await this.#numbers(batch.length);
    if (ids === undefined && this.#deps.patience.stopping.aborted) return;
    this.#waiting.splice(0, batch.length);
    for (const { boxes } of batch) this.#waitingBoxes -= boxes;
    if (ids === undefined) return;
    const stored = batch.map(({ request }, i) => this.#store(request, ids[i] ?? 0));
    // Announced in the order of their numbers, each as soon as it and those before it are durable.
    for (const one of stored) {
      const event = await one;
      if (event !== undefined) this.#announce(event);
    }
  }

  async #numbers(count: number): Promise<number[] | undefined> {
    const { numbers, patience, rejections } = this.#deps;
    try {
      return await untilDone(() => numbers.next(count), 'event numbers', patience);
    } catch (error) {
      rejections.count('event_not_numbered', undefined, messageOf(error));
      return undefined;
    }
  }

  /** Writes the event and, where boxes are asked, the open request. @returns undefined when the store refuses them */
  async #store(request: EventRequest, eventId: number): Promise<StoredEvent | undefined> {
    const { clock, identity, patience, presence, rejections, store } = this.#deps;
    const boxIds = request.boxIds.length > 0 ? request.boxIds : presence.here();
    const event: NewEvent = {
      event_id: eventId,
      type: request.type,
      description: request.description,
      boxes_triggered: boxIds.map(String),
      percent_magnitude: request.percentMagnitude,
      target_event_start_timestamp_ms: request.window.startMs,
      target_event_end_timestamp_ms: request.window.endMs,
    };
    const asked: AskedEvent = { event, noticeText: identity, noticed: false, taken: new Set() };
    const open = request.requestData ? this.#open(request, boxIds, asked, clock.now()) : undefined;
    const key = open?.key;
    const write = (): Promise<unknown> =>
      Promise.all([
        store.insertEvent(event),
        ...(open && key ? [store.putOpenRequest({ key, body: bodyOf(open) })] : []),
      ]);
    try {
      await untilDone(write, `event ${eventId}`, patience);
      return { asked, open };
    } catch (error) {
      rejections.count('event_not_stored', `event ${eventId}`, messageOf(error));
      return undefined;
    }
  }

  #open(request: EventRequest, boxIds: readonly number[], event: AskedEvent, now: number): OpenRequest {
    const { book, presence, sequence } = this.#deps;
    const everyone = request.boxIds.length === 0;
    const asks = boxIds.map((boxId) => {
      const kind = presence.kindOf(boxId);
      const seq = kind === 2 ? undefined : sequence.next((number) => book.isTaken(number));
      return { boxId, read: kind !== 3, seq };
    });
    const read = everyone || asks.some((ask) => ask.read);
    const key = `event:${event.event.event_id}`;
    return newRequest({ key, acceptedAtMs: now, window: request.window, event, read, everyone, asks });
  }

  #announce({ asked, open }: StoredEvent): void {
    this.#deps.notices.eventStored(asked.event.event_id);
    if (open !== undefined) this.#deps.book.add(open);
  }
}
