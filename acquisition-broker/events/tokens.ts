/**
 * Events that a client makes with Commands: `data_<token>_<rest>`, one box after another. The same token within 20 s is the same
 * event; it takes its number, and has its `evnew`, at the token's first Command.
 */

import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import type { Command, CommandBody } from '../../proto/messages.js';
import type { NewEvent, Store } from '../../store/store.js';
import type { SequenceNumbers } from '../boxes/sequence-numbers.js';
import type { RequestBook } from '../open/book.js';
import { bodyOf } from '../open/persistence.js';
import { type AskedEvent, newRequest, type OpenRequest } from '../open/request.js';
import type { Refusal } from '../requests/context.js';
import type { DataIdentity } from '../requests/identity.js';
import type { Notices } from './notices.js';
import type { EventNumbers } from './numbers.js';
import { type Patience, untilDone } from './patience.js';

export const TOKEN_LIFE_MS = 20_000;

export type DataCommand = Command & { body: Extract<CommandBody, { kind: 'data' }> };

export interface TokenDeps {
  store: Store;
  clock: Clock;
  numbers: EventNumbers;
  notices: Notices;
  book: RequestBook;
  sequence: SequenceNumbers;
  patience: Patience;
  rejections: Rejections;
  /** tokens alive at one time, and Commands that wait for the store */
  limit: number;
}

interface TokenEvent {
  readonly identity: DataIdentity;
  readonly bornAt: number;
  readonly boxes: Set<number>;
  readonly waiting: DataCommand[];
  asked: AskedEvent | undefined;
  isWorking: boolean;
}

export class TokenEvents {
  readonly #deps: TokenDeps;
  /** the oldest in front */
  readonly #tokens = new Map<string, TokenEvent>();
  readonly #working = new Set<Promise<void>>();
  #waiting = 0;
  accepted = 0;

  constructor(deps: TokenDeps) {
    this.#deps = deps;
  }

  get alive(): number {
    this.#forget();
    return this.#tokens.size;
  }

  /** Takes a checked Command of an event. @returns why not, when it does not */
  accept(command: DataCommand, identity: DataIdentity): Refusal {
    const { book, limit } = this.#deps;
    if (!book.hasRoom(1) || this.#waiting >= limit) return 'too_many_open_requests';
    const event = this.#find(identity);
    if (event === undefined) return 'too_many_tokens';
    this.accepted += 1;
    this.#waiting += 1;
    event.waiting.push(command);
    if (!event.isWorking) {
      const working = this.#work(event);
      this.#working.add(working);
      void working.finally(() => this.#working.delete(working));
    }
    return undefined;
  }

  /** Takes up the tokens of requests that were open when the last broker ended. */
  restore(requests: readonly OpenRequest[]): void {
    const { clock } = this.#deps;
    for (const { acceptedAtMs, asks, event, token } of requests) {
      if (token === undefined || event === undefined) continue;
      const bornAt = clock.monotonic() - Math.max(0, clock.now() - acceptedAtMs);
      const known = this.#tokens.get(token) ?? {
        identity: { token, rest: event.noticeText },
        bornAt,
        boxes: new Set(event.event.boxes_triggered.map(Number)),
        waiting: [],
        asked: event,
        isWorking: false,
      };
      for (const boxId of asks.keys()) known.boxes.add(boxId);
      this.#tokens.set(token, known);
    }
  }

  /** Waits until all accepted Commands are dealt with. */
  async drained(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  #find(identity: DataIdentity): TokenEvent | undefined {
    this.#forget();
    const known = this.#tokens.get(identity.token);
    if (known !== undefined) return known;
    if (this.#tokens.size >= this.#deps.limit) return undefined;
    const bornAt = this.#deps.clock.monotonic();
    const event: TokenEvent = {
      ...{ identity, bornAt, boxes: new Set(), waiting: [], asked: undefined, isWorking: false },
    };
    this.#tokens.set(identity.token, event);
    return event;
  }

  #forget(): void {
    const now = this.#deps.clock.monotonic();
    for (const [token, { bornAt }] of this.#tokens) {
      if (now - bornAt > TOKEN_LIFE_MS) this.#tokens.delete(token);
    }
  }

  /** Works until nothing waits. The flag falls in the same turn in which that was seen, so that nothing is left lying. */
  async #work(event: TokenEvent): Promise<void> {
    const { book, notices, patience } = this.#deps;
    event.isWorking = true;
    try {
      while (event.waiting.length > 0) {
        const batch = event.waiting.slice();
        const isNew = event.asked === undefined;
        const asked = event.asked ?? (await this.#number(event, batch));
        const requests = batch.map((command) => this.#request(event, asked, command));
        await untilDone(
          () => this.#write(event, asked, requests, isNew),
          `token ${event.identity.token}`,
          patience,
        );
        event.waiting.splice(0, batch.length);
        this.#waiting -= batch.length;
        event.asked = asked;
        if (isNew) notices.eventStored(asked.event.event_id);
        for (const request of requests) book.add(request);
      }
    } catch (error) {
      // Refused, or stopping: nothing was announced or asked.
      this.#deps.rejections.count('event_not_stored', `token ${event.identity.token}`, messageOf(error));
      this.#waiting -= event.waiting.length;
      event.waiting.length = 0;
    } finally {
      event.isWorking = false;
    }
  }

  async #number(event: TokenEvent, batch: readonly DataCommand[]): Promise<AskedEvent> {
    const { numbers, patience } = this.#deps;
    const [eventId = 0] = await untilDone(() => numbers.next(1), 'event numbers', patience);
    for (const { boxId } of batch) event.boxes.add(boxId);
    const window = batch[0]?.body ?? { startMs: 0, endMs: 0 };
    const stored: NewEvent = {
      event_id: eventId,
      type: 'OTHER',
      // As the event service of 2020 wrote it.
      description: `Makai id ${event.identity.rest}`,
      boxes_triggered: [...event.boxes].map(String),
      percent_magnitude: 0,
      target_event_start_timestamp_ms: window.startMs,
      target_event_end_timestamp_ms: window.endMs,
    };
    return { event: stored, noticeText: event.identity.rest, noticed: false, taken: new Set() };
  }

  async #write(event: TokenEvent, asked: AskedEvent, requests: OpenRequest[], isNew: boolean): Promise<void> {
    const { store } = this.#deps;
    const added = requests.flatMap(({ asks }) => [...asks.keys()]).filter((boxId) => !event.boxes.has(boxId));
    await Promise.all([
      ...(isNew ? [store.insertEvent(asked.event)] : []),
      ...(added.length > 0
        ? [store.addTriggeredBoxes(asked.event.event_id, [...new Set(added)].map(String))]
        : []),
      ...requests.map((request) => store.putOpenRequest({ key: request.key, body: bodyOf(request) })),
    ]);
    for (const boxId of added) event.boxes.add(boxId);
  }

  #request(event: TokenEvent, asked: AskedEvent, command: DataCommand): OpenRequest {
    const { book, clock, sequence } = this.#deps;
    const seq = sequence.next((number) => book.isTaken(number));
    return newRequest({
      key: `command:${seq}`,
      acceptedAtMs: clock.now(),
      window: { startMs: command.body.startMs, endMs: command.body.endMs },
      event: asked,
      command,
      token: event.identity.token,
      asks: [{ boxId: command.boxId, read: false, seq }],
    });
  }
}
