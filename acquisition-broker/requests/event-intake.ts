/**
 * From a request for an event to commands on the wire: give the event an id, store it, announce it, ask the boxes. Nothing is announced
 * or asked before the event and the open request are durable. Requests that come while the store works get their ids together.
 */

import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import { DIALECTS } from '../../proto/index.js';
import type { NewEvent, RefusedBoxes } from '../../store/documents.js';
import type { EventIdSource } from '../../store/outbox/event-ids.js';
import type { Outbox } from '../../store/outbox/outbox.js';
import type { ConnectedBoxes } from '../boxes/connected-boxes.js';
import type { ImportedBoxes } from '../boxes/imported-boxes.js';
import type { BudgetRefusal, WaveformBudget } from '../budget/waveform-budget.js';
import type { Families } from '../events/families.js';
import { type Notices, RequestedEvent } from '../events/requested-event.js';
import { type Ask, OpenRequest } from '../open-requests/open-request.js';
import type { OpenRequests } from '../open-requests/open-requests.js';
import { bodyOf } from '../open-requests/persistence.js';
import type { EventRequest, Refusal } from './request.js';

/** An event that is durable, and what is asked for it. */
interface StoredEvent {
  event: RequestedEvent;
  open: OpenRequest | undefined;
}

export interface IntakeDeps {
  outbox: Pick<Outbox, 'put'>;
  clock: Clock;
  eventIds: Pick<EventIdSource, 'next'>;
  notices: Notices;
  open: OpenRequests;
  boxes: ConnectedBoxes;
  /** aborted: the store is not waited for any more */
  stopping: AbortSignal;
  rejections: Rejections;
  families: Pick<Families, 'familyOf'>;
  budget: Pick<WaveformBudget, 'ask' | 'release'>;
  /** The event of a request was not stored: the request is not to be taken up by anybody. */
  refused(request: OpenRequest): void;
  /** which boxes are meters: they have no waveforms */
  imported: Pick<ImportedBoxes, 'isMeter'>;
  /** our identity: the text of the v3 notice */
  identity: string;
  /** boxes that waiting requests may name, each request at least one */
  limit: number;
}

/** The reason of boxes that are meters. */
const METER = 'meter';
/** Boxes named in a description. */
const NAMED = 5;

/** Events that get their ids in one go at most. */
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

  /** Requests that wait for an event id. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** While events are being stored: a promise for the end of it. */
  get busy(): Promise<void> | undefined {
    return this.#isWorking ? this.#working : undefined;
  }

  /** Takes a checked request, unless too many wait. @returns why not, when it does not */
  accept(request: EventRequest): Refusal {
    const { open, limit } = this.#deps;
    const boxes = this.#boxesOf(request);
    if (this.#waitingBoxes + boxes > limit) return 'too_many_waiting_requests';
    // What waits will be open soon.
    if (request.requestData && !open.hasCapacity(this.#waitingBoxes + boxes)) return 'too_many_open_requests';
    this.accepted += 1;
    this.#waiting.push({ request, boxes });
    this.#waitingBoxes += boxes;
    if (!this.#isWorking) this.#working = this.#work();
    return undefined;
  }

  /** Boxes that a request will ask, as far as that is known: where none are named, those that are there. At most the limit. */
  #boxesOf({ boxIds }: EventRequest): number {
    const { boxes, limit } = this.#deps;
    return Math.min(limit, Math.max(1, boxIds.length || boxes.expected));
  }

  /** Waits until all accepted requests are dealt with. */
  async drained(): Promise<void> {
    while (this.#isWorking) await this.#working;
  }

  /** Works until nothing waits. The flag is cleared in the same turn in which the queue was seen empty, so that nothing stays in it. */
  async #work(): Promise<void> {
    this.#isWorking = true;
    try {
      // Stopping: a request without an id was never accepted.
      while (this.#waiting.length > 0 && !this.#deps.stopping.aborted) await this.#workBatch();
    } finally {
      this.#isWorking = false;
    }
  }

  async #workBatch(): Promise<void> {
    const batch = this.#waiting.slice(0, BATCH);
    const ids = await this.#eventIds(batch.length);
    if (ids === undefined && this.#deps.stopping.aborted) return;
    this.#waiting.splice(0, batch.length);
    for (const { boxes } of batch) this.#waitingBoxes -= boxes;
    if (ids === undefined) return;
    const stored = batch.map(({ request }, i) => this.#store(request, ids[i] ?? 0));
    // Announced in the order of their ids, each as soon as it and those before it are durable.
    for (const one of stored) {
      const event = await one;
      if (event !== undefined) this.#announce(event);
    }
  }

  async #eventIds(count: number): Promise<number[] | undefined> {
    const { eventIds, rejections } = this.#deps;
    try {
      return await eventIds.next(count);
    } catch (error) {
      rejections.count('event_without_id', undefined, messageOf(error));
      return undefined;
    }
  }

  /** Writes the event and, where boxes are asked, the open request. @returns undefined when the store refuses them */
  async #store(request: EventRequest, eventId: number): Promise<StoredEvent | undefined> {
    const { boxes, clock, families, identity, outbox, rejections } = this.#deps;
    const boxIds = request.boxIds.length > 0 ? request.boxIds : boxes.ids();
    // Reserved before anything is waited for, so that requests that come together do not pass the budget together.
    const { asked, refused } = this.#mayBeAsked(request.requestData ? boxIds : [], request);
    // Where no box was named, boxes that are not known yet may reply too.
    const isOpen = request.requestData && (asked.length > 0 || boxIds.length === 0);
    const family = await families.familyOf(request, eventId);
    const event: NewEvent = {
      event_id: eventId,
      type: request.type,
      description: `${request.description}${refusalText(refused, asked.length === 0)}`,
      boxes_triggered: boxIds.map(String),
      percent_magnitude: request.percentMagnitude,
      ...(family === undefined ? {} : { family }),
      ...(isOpen ? {} : { request_data: false }),
      ...(refused.length === 0 ? {} : { boxes_refused: refused }),
      target_event_start_timestamp_ms: request.window.startMs,
      target_event_end_timestamp_ms: request.window.endMs,
    };
    const requested = new RequestedEvent(event, identity);
    const open = isOpen ? this.#open(request, asked, requested, clock.now()) : undefined;
    try {
      const kept =
        open && outbox.put({ kind: 'open_request', request: { key: open.key, body: bodyOf(open) } });
      await Promise.all([outbox.put({ kind: 'event', event }), kept]);
      return { event: requested, open };
    } catch (error) {
      rejections.count('event_not_stored', `event ${eventId}`, messageOf(error));
      this.#deps.budget.release(asked, request.window);
      if (open !== undefined) this.#deps.refused(open);
      return undefined;
    }
  }

  /** The boxes that may be asked for the window today, for which it is reserved, and the others; those beyond the budget are counted. */
  #mayBeAsked(
    boxIds: readonly number[],
    { window }: EventRequest,
  ): { asked: number[]; refused: RefusedBoxes[] } {
    const { budget, imported, rejections } = this.#deps;
    const asked: number[] = [];
    const refused = new Map<BudgetRefusal | typeof METER, string[]>();
    for (const boxId of boxIds) {
      const reason = imported.isMeter(boxId) ? METER : budget.ask(boxId, window);
      if (reason === undefined) {
        asked.push(boxId);
        continue;
      }
      // That a meter has no waveforms is no loss.
      if (reason !== METER) rejections.count(reason, `box ${boxId}`);
      const others = refused.get(reason) ?? [];
      others.push(String(boxId));
      refused.set(reason, others);
    }
    return { asked, refused: [...refused].map(([reason, boxes]) => ({ reason, boxes })) };
  }

  #open(
    { boxIds: named, window }: EventRequest,
    boxIds: readonly number[],
    event: RequestedEvent,
    acceptedAtMs: number,
  ): OpenRequest {
    const asks = boxIds.map((boxId) => ({ boxId, numbers: this.#numbersFor(boxId, event.id) }));
    const everyone = named.length === 0;
    return new OpenRequest({ key: `event:${event.id}`, acceptedAtMs, window, event, everyone, asks });
  }

  /** A number in the dialect of the box, or in each while that is not known. */
  #numbersFor(boxId: number, eventId: number): Ask['numbers'] {
    const { boxes, open } = this.#deps;
    const known = boxes.dialectOf(boxId);
    const dialects = known === undefined ? DIALECTS : [known];
    return new Map(
      dialects.map((dialect) => [dialect, dialect.reach === 'all' ? eventId : open.newNumber(dialect)]),
    );
  }

  #announce({ event, open }: StoredEvent): void {
    this.#deps.notices.eventStored(event);
    if (open !== undefined) this.#deps.open.add(open);
  }
}

/** What an event says whose waveforms were not all asked for; which box was refused for which reason is in its `boxes_refused`. @param isAll no box was asked */
function refusalText(all: readonly RefusedBoxes[], isAll: boolean): string {
  // Nobody expects a waveform of a meter.
  const refused = all.filter(({ reason }) => reason !== METER);
  if (refused.length === 0) return '';
  const boxes = refused.flatMap(({ boxes: some }) => some);
  const more = boxes.length > NAMED ? ` and ${boxes.length - NAMED} more` : '';
  const whose = isAll ? '' : ` of ${boxes.slice(0, NAMED).join(', ')}${more}`;
  const isOfAll = refused.every(({ reason }) => reason === 'waveform_budget_of_all');
  const budget = isOfAll ? 'the budget of the day of all boxes' : 'the budget of the day';
  return ` (waveforms${whose} not asked for: ${budget} is used up)`;
}
