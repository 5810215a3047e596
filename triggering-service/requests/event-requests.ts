/** From the requests of plugins to those that go to the acquisition broker: times checked, overlaps left out, long windows and long box lists split. */
import { type Clock, systemClock } from '../../common/clock.js';
import type { Rejections } from '../../common/rejections.js';
import { MAX_BOXES_PER_REQUEST } from '../../common/request-limits.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import { requestEvent } from '../../proto/index.js';
import { MAX_AGE_MS, MAX_AHEAD_MS } from '../ingest/measurement-validator.js';
import { AskedWindows } from './asked-windows.js';
import type { Queued } from './request-queue.js';

/** Requests that one request may be split into; a longer window is refused. */
const MAX_SLICES = 100;

export interface EventRequestsOptions {
  /** names this service to the broker */
  identity: string;
  /** longest window of one request, ms */
  maxWindowMs: number;
  /** how long requested windows are remembered, ms */
  memoryMs: number;
  rejections: Rejections;
  send: (request: Queued) => void;
  clock?: Clock;
}

export class EventRequests {
  readonly #options: EventRequestsOptions;
  readonly #asked: AskedWindows;
  readonly #clock: Clock;
  /** requests handed on: with waveforms, and as a log entry only */
  readonly sent = { data: 0, log: 0 };

  constructor(options: EventRequestsOptions) {
    this.#options = options;
    this.#asked = new AskedWindows(options.memoryMs);
    this.#clock = options.clock ?? systemClock;
  }

  /** Handles requests whose fields have their types and ranges. */
  handle(requests: readonly EventRequest[], pluginId: string): void {
    const now = this.#clock.now();
    for (const request of requests) {
      const problem = this.#problem(request, now);
      if (problem !== undefined) this.#options.rejections.count(problem, pluginId, request.description);
      else for (const slice of this.#slices(request)) this.#ask(slice);
    }
  }

  /** The request was dropped before it was sent: its window may be requested again. */
  dropped({ boxIds, startMs, endMs }: Queued): void {
    for (const boxId of boxIds) this.#asked.remove(boxId, startMs, endMs);
  }

  /** To be called about once a minute. */
  sweep(): void {
    this.#asked.sweep(this.#clock.monotonic());
  }

  #problem({ startMs, endMs }: EventRequest, now: number): string | undefined {
    if (endMs > now + MAX_AHEAD_MS) return 'window_in_the_future';
    if (startMs < now - MAX_AGE_MS) return 'window_too_old';
    if (endMs - startMs > MAX_SLICES * this.#options.maxWindowMs) return 'window_too_long';
    return undefined;
  }

  /** Parts of equal length, none longer than the longest window. */
  #slices(request: EventRequest): EventRequest[] {
    const { startMs, endMs } = request;
    const count = Math.ceil((endMs - startMs) / this.#options.maxWindowMs);
    const border = (i: number) => startMs + Math.round(((endMs - startMs) * i) / count);
    return Array.from({ length: count }, (_, i) => ({
      ...request,
      startMs: border(i),
      endMs: border(i + 1),
    }));
  }

  /** Asks the boxes that were not asked for this already; if all were, the event is only logged. */
  #ask(request: EventRequest): void {
    const { startMs, endMs } = request;
    const clock = this.#clock.monotonic();
    const lacking = request.requestData
      ? request.boxIds.filter((boxId) => !this.#asked.covers(boxId, startMs, endMs, clock))
      : [];
    const requestData = lacking.length > 0;
    const boxIds = requestData ? lacking : request.boxIds;
    for (const boxId of lacking) this.#asked.add(boxId, startMs, endMs, clock);
    for (let from = 0; from < boxIds.length; from += MAX_BOXES_PER_REQUEST) {
      const part = boxIds.slice(from, from + MAX_BOXES_PER_REQUEST);
      this.#send({ ...request, boxIds: part, requestData });
    }
  }

  /** Each becomes an event of its own, also the parts of a list that is too long for one request. */
  #send(request: EventRequest): void {
    const { boxIds, endMs, requestData, startMs } = request;
    this.sent[requestData ? 'data' : 'log'] += 1;
    const frame = requestEvent.encode({ ...request, requestee: this.#options.identity });
    this.#options.send({ frame, boxIds: requestData ? boxIds : [], startMs, endMs });
  }
}
