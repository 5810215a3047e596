/**
 * Events that a client makes with Commands: `data_<token>_<rest>`, one box after another. The same token within 20 s is the same
 * event; it gets its id, and has its `evnew`, at the token's first Command.
 */

import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import { COMMAND_DIALECT } from '../../proto/index.js';
import type { NewEvent } from '../../store/documents.js';
import type { EventIdSource } from '../../store/outbox/event-ids.js';
import type { Outbox } from '../../store/outbox/outbox.js';
import type { WaveformBudget } from '../budget/waveform-budget.js';
import { type Notices, RequestedEvent } from '../events/requested-event.js';
import { OpenRequest } from '../open-requests/open-request.js';
import type { OpenRequests } from '../open-requests/open-requests.js';
import { bodyOf } from '../open-requests/persistence.js';
import type { Refusal, TokenRequest } from './request.js';

export const TOKEN_LIFE_MS = 20_000;

export interface TokenDeps {
  outbox: Pick<Outbox, 'put'>;
  clock: Clock;
  eventIds: Pick<EventIdSource, 'next'>;
  notices: Notices;
  open: OpenRequests;
  rejections: Rejections;
  budget: Pick<WaveformBudget, 'ask' | 'release'>;
  /** The event of a request was not stored: the request is not to be taken up by anybody. */
  refused(request: OpenRequest): void;
  /** tokens alive at one time, and Commands that wait for the store */
  limit: number;
}

interface TokenEvent {
  readonly token: string;
  /** text of the v3 notice */
  readonly rest: string;
  readonly bornAt: number;
  readonly boxes: Set<number>;
  readonly waiting: TokenRequest[];
  event: RequestedEvent | undefined;
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
  accept(request: TokenRequest): Refusal {
    const { budget, limit, open } = this.#deps;
    if (!open.hasCapacity(1) || this.#waiting >= limit) return 'too_many_open_requests';
    const { boxId } = request.command;
    // A Command is one window of one box. Asked first: what it refuses must take no token.
    const refusal = budget.ask(boxId, request.window);
    if (refusal !== undefined) return refusal;
    const token = this.#find(request);
    if (token === undefined) {
      budget.release([boxId], request.window);
      return 'too_many_tokens';
    }
    this.accepted += 1;
    this.#waiting += 1;
    token.waiting.push(request);
    if (!token.isWorking) {
      const working = this.#work(token);
      this.#working.add(working);
      void working.finally(() => this.#working.delete(working));
    }
    return undefined;
  }

  /** Takes up the tokens of requests that were open when the last broker ended. */
  restore(requests: readonly OpenRequest[]): void {
    const { clock } = this.#deps;
    for (const { acceptedAtMs, boxIds, event, token } of requests) {
      if (token === undefined || event === undefined) continue;
      const bornAt = clock.monotonic() - Math.max(0, clock.now() - acceptedAtMs);
      const known = this.#tokens.get(token) ?? {
        token,
        rest: event.noticeText,
        bornAt,
        boxes: new Set(event.event.boxes_triggered.map(Number)),
        waiting: [],
        event,
        isWorking: false,
      };
      for (const boxId of boxIds) known.boxes.add(boxId);
      this.#tokens.set(token, known);
    }
  }

  /** Waits until all accepted Commands are dealt with. */
  async drained(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  #find({ rest, token }: TokenRequest): TokenEvent | undefined {
    this.#forget();
    const known = this.#tokens.get(token);
    if (known !== undefined) return known;
    if (this.#tokens.size >= this.#deps.limit) return undefined;
    const bornAt = this.#deps.clock.monotonic();
    const created: TokenEvent = {
      token,
      rest,
      bornAt,
      boxes: new Set(),
      waiting: [],
      event: undefined,
      isWorking: false,
    };
    this.#tokens.set(token, created);
    return created;
  }

  #forget(): void {
    const now = this.#deps.clock.monotonic();
    for (const [token, { bornAt }] of this.#tokens) {
      if (now - bornAt > TOKEN_LIFE_MS) this.#tokens.delete(token);
    }
  }

  /** Works until nothing waits. The flag is cleared in the same turn in which the queue was seen empty, so that nothing stays in it. */
  async #work(token: TokenEvent): Promise<void> {
    const { budget, notices, open } = this.#deps;
    token.isWorking = true;
    let requests: OpenRequest[] = [];
    try {
      while (token.waiting.length > 0) {
        const batch = token.waiting.slice();
        const isNew = token.event === undefined;
        const event = token.event ?? (await this.#newEvent(token, batch));
        requests = batch.map((request) => this.#open(request, event));
        await this.#write(token, event, requests, isNew);
        token.waiting.splice(0, batch.length);
        this.#waiting -= batch.length;
        token.event = event;
        if (isNew) notices.eventStored(event);
        for (const request of requests) open.add(request);
        requests = [];
      }
    } catch (error) {
      // Refused, or stopping: nothing was announced or asked.
      this.#deps.rejections.count('event_not_stored', `token ${token.token}`, messageOf(error));
      for (const request of requests) this.#deps.refused(request);
      this.#waiting -= token.waiting.length;
      for (const { command, window } of token.waiting) budget.release([command.boxId], window);
      token.waiting.length = 0;
    } finally {
      token.isWorking = false;
    }
  }

  async #newEvent(token: TokenEvent, batch: readonly TokenRequest[]): Promise<RequestedEvent> {
    const [eventId = 0] = await this.#deps.eventIds.next(1);
    for (const { command } of batch) token.boxes.add(command.boxId);
    const window = batch[0]?.window ?? { startMs: 0, endMs: 0 };
    const event: NewEvent = {
      event_id: eventId,
      type: 'OTHER',
      // As the v3 event service wrote it.
      description: `Makai id ${token.rest}`,
      boxes_triggered: [...token.boxes].map(String),
      percent_magnitude: 0,
      target_event_start_timestamp_ms: window.startMs,
      target_event_end_timestamp_ms: window.endMs,
    };
    return new RequestedEvent(event, token.rest);
  }

  async #write(
    token: TokenEvent,
    event: RequestedEvent,
    requests: OpenRequest[],
    isNew: boolean,
  ): Promise<void> {
    const { outbox } = this.#deps;
    const added = requests.flatMap(({ boxIds }) => boxIds).filter((boxId) => !token.boxes.has(boxId));
    await Promise.all([
      isNew && outbox.put({ kind: 'event', event: event.event }),
      added.length > 0 &&
        outbox.put({ kind: 'triggered_boxes', eventId: event.id, boxIds: [...new Set(added)].map(String) }),
      ...requests.map((open) =>
        outbox.put({ kind: 'open_request', request: { key: open.key, body: bodyOf(open) } }),
      ),
    ]);
    for (const boxId of added) token.boxes.add(boxId);
  }

  #open({ command, token, window }: TokenRequest, event: RequestedEvent): OpenRequest {
    const { clock, open } = this.#deps;
    const number = open.newNumber(COMMAND_DIALECT);
    return new OpenRequest({
      key: `command:${number}`,
      acceptedAtMs: clock.now(),
      window,
      event,
      command,
      token,
      asks: [{ boxId: command.boxId, numbers: new Map([[COMMAND_DIALECT, number]]) }],
    });
  }
}
