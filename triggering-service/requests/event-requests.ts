/** From the requests of plugins to those that go to the acquisition broker: times checked, what belongs together made one, overlaps left out, long windows and long box lists split. */
import { type Clock, systemClock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Rejections } from '../../common/rejections.js';
import { MAX_BOXES_PER_REQUEST } from '../../common/request-limits.js';
import { windowProblem } from '../../plugin-host/window-problem.js';
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import { requestEvent } from '../../proto/index.js';
import { AskedWindows } from './asked-windows.js';
import { RequestMerger } from './request-merger.js';
import type { Queued } from './request-queue.js';

export interface EventRequestsOptions {
  /** names this service to the broker */
  identity: string;
  /** longest window of one request, ms */
  maxWindowMs: number;
  /** how long requested windows are remembered, ms */
  memoryMs: number;
  /** how long a request waits for those of other boxes, ms; 0: each is an event of its own */
  mergeMs: number;
  rejections: Rejections;
  /** whether nothing may be asked of this box, because its id is in use twice */
  isWithheld?: (boxId: number) => boolean;
  send: (request: Queued) => void;
  clock?: Clock;
}

export class EventRequests implements Running {
  readonly #options: EventRequestsOptions;
  readonly #asked: AskedWindows;
  readonly #clock: Clock;
  readonly #merger: RequestMerger;
  /** requests handed on: with waveforms, and as a log entry only */
  readonly sent = { data: 0, log: 0 };

  constructor(options: EventRequestsOptions) {
    this.#options = options;
    this.#asked = new AskedWindows(options.memoryMs);
    this.#clock = options.clock ?? systemClock;
    this.#merger = new RequestMerger({
      mergeMs: options.mergeMs,
      clock: this.#clock,
      send: (request) => {
        for (const slice of this.#slices(request)) this.#ask(slice);
      },
    });
  }

  /** Requests of plugins that became a part of another one. */
  get merged(): number {
    return this.#merger.merged;
  }

  /** What waits for requests of other boxes goes on now. */
  async stop(): Promise<void> {
    this.#merger.flush();
  }

  /** Handles requests whose fields have their types and ranges. */
  readonly handle = (requests: readonly EventRequest[], pluginId: string): void => {
    const now = this.#clock.now();
    for (const request of requests) {
      const problem = windowProblem(request, now, this.#options.maxWindowMs);
      if (problem !== undefined) this.#options.rejections.count(problem, pluginId, request.description);
      else {
        const allowed = this.#withoutWithheld(request, pluginId);
        if (allowed !== undefined) this.#merger.add(namedBy(pluginId, allowed), pluginId);
      }
    }
  };

  /** The request was dropped before it was sent: its window may be requested again. */
  dropped({ boxIds, startMs, endMs }: Queued): void {
    for (const boxId of boxIds) this.#asked.remove(boxId, startMs, endMs);
  }

  /** To be called about once a minute. */
  sweep(): void {
    this.#asked.sweep(this.#clock.monotonic());
  }

  /** The request without boxes whose id is in use twice: their waveforms could be another device's. @returns undefined: no box is left */
  #withoutWithheld(request: EventRequest, pluginId: string): EventRequest | undefined {
    const { isWithheld = () => false, rejections } = this.#options;
    const boxIds = request.boxIds.filter((boxId) => !isWithheld(boxId));
    const left = request.boxIds.length - boxIds.length;
    if (left === 0) return request;
    for (let i = 0; i < left; i += 1) rejections.count('id_in_use_twice', pluginId, request.description);
    return boxIds.length === 0 ? undefined : { ...request, boxIds };
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

  /** Asks the boxes that were not asked for this already; for the others the event is only logged. */
  #ask(request: EventRequest): void {
    const { boxIds, endMs, requestData, startMs } = request;
    const clock = this.#clock.monotonic();
    const lacking = new Set(
      requestData ? boxIds.filter((boxId) => !this.#asked.covers(boxId, startMs, endMs, clock)) : [],
    );
    for (const boxId of lacking) this.#asked.add(boxId, startMs, endMs, clock);
    this.#sendParts({ ...request, boxIds: [...lacking], requestData: true });
    this.#sendParts({
      ...request,
      boxIds: boxIds.filter((boxId) => !lacking.has(boxId)),
      requestData: false,
    });
  }

  #sendParts(request: EventRequest): void {
    const { boxIds } = request;
    for (let from = 0; from < boxIds.length; from += MAX_BOXES_PER_REQUEST)
      this.#send({ ...request, boxIds: boxIds.slice(from, from + MAX_BOXES_PER_REQUEST) });
  }

  /** Each becomes an event of its own, also the parts of a list that is too long for one request. */
  #send(request: EventRequest): void {
    const { boxIds, endMs, requestData, startMs } = request;
    this.sent[requestData ? 'data' : 'log'] += 1;
    const frame = requestEvent.encode({ ...request, requestee: this.#options.identity });
    this.#options.send({ frame, boxIds: requestData ? boxIds : [], startMs, endMs });
  }
}

/** An event says which plugin asked for it: its description begins with the plugin's name. */
function namedBy(pluginId: string, request: EventRequest): EventRequest {
  const name = pluginId.replace(/#\d+$/, '');
  if (request.description.startsWith(`${name}:`)) return request;
  return { ...request, description: `${name}: ${request.description}`.trimEnd() };
}
