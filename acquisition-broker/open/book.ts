/**
 * The book of open requests: when each is asked (5, 10 and 20 s after the first time once more, given up after 60 s) and which one
 * an answer belongs to. Closed requests stay for a while, because answers come late over a bad line. Memory is bounded by the number of
 * boxes asked: past the limit of boxes that have not answered no request is taken, and as many boxes of closed ones are remembered. A box that
 * answered no longer counts, so that one silent box does not hold the weight of all that were asked with it; what open requests
 * remember of those is bounded as well, by some times the limit.
 */

import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { MAX_AHEAD_MS } from '../requests/checks.js';
import type { Asker } from './asker.js';
import type { BoxAsk, OpenRequest } from './request.js';

/** When commands go out again and when they are given up, in ms after the first time (wire-protocols 3.2). */
export const RETRY_AFTER_MS = [5_000, 10_000, 20_000] as const;
export const GIVE_UP_AFTER_MS = 60_000;
/** How long answers to a closed request are still taken. */
export const LATE_ANSWERS_MS = 600_000;
const FORGET_EVERY_MS = 10_000;
/** Boxes of open requests, also those that answered: so many times the limit. */
const HELD_TIMES = 4;
/** Ids of silent boxes named in a log line. */
const NAMED_IN_LOG = 20;

export interface BookOptions {
  clock: Clock;
  asker: Asker;
  log: Logger;
  /** boxes that open requests wait for at one time; as many of closed ones are remembered */
  limit: number;
  /** ms after the end of a window that lay in the future before boxes are asked for it */
  settleMs: number;
  /** called once when a request is closed and all answers to it are stored */
  done(request: OpenRequest): void;
}

export class RequestBook implements Running {
  readonly #options: BookOptions;
  readonly #open = new Set<OpenRequest>();
  /** the one closed first in front */
  readonly #closed = new Set<OpenRequest>();
  /** of both */
  readonly #keys = new Set<string>();
  readonly #bySeq = new Map<number, OpenRequest>();
  readonly #byRead = new Map<number, OpenRequest>();
  /** box id → open requests that wait for it */
  readonly #waiting = new Map<number, Set<OpenRequest>>();
  #openAsks = 0;
  #heldAsks = 0;
  #closedAsks = 0;
  #stopped = false;
  #cancelForget = (): void => undefined;
  readonly counts = { opened: 0, answered: 0, empty: 0, late: 0, expired: 0 };

  constructor(options: BookOptions) {
    this.#options = options;
    this.#scheduleForget();
  }

  get openRequests(): number {
    return this.#open.size;
  }

  /** Boxes that open requests wait for. */
  get openAsks(): number {
    return this.#openAsks;
  }

  /** Whether `asks` more boxes can be asked. */
  hasRoom(asks: number): boolean {
    const { limit } = this.#options;
    const more = Math.max(1, asks);
    return this.#openAsks + more <= limit && this.#heldAsks + more <= HELD_TIMES * limit;
  }

  isTaken(sequenceNumber: number): boolean {
    return this.#bySeq.has(sequenceNumber);
  }

  /** Whether a request of this key is open or lately closed. */
  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Takes a request in, unless it is here already. Its commands go out at once, or when its window has passed. */
  add(request: OpenRequest): void {
    if (this.#stopped || this.#keys.has(request.key)) return;
    this.#keys.add(request.key);
    this.counts.opened += 1;
    this.#open.add(request);
    this.#openAsks += request.weight;
    this.#heldAsks += held(request);
    for (const { boxId, seq } of request.asks.values()) {
      if (seq !== undefined) this.#bySeq.set(seq, request);
      this.#waiting.set(boxId, (this.#waiting.get(boxId) ?? new Set()).add(request));
    }
    if (request.read && request.event !== undefined) this.#byRead.set(request.event.event.event_id, request);
    const waitMs = this.#untilPassed(request);
    if (waitMs <= 0) this.#start(request);
    else request.cancel = this.#options.clock.after(waitMs, () => this.#start(request));
  }

  /** The request, open or lately closed, whose Command has this sequence number. */
  bySequenceNumber(sequenceNumber: number): OpenRequest | undefined {
    return this.#bySeq.get(sequenceNumber);
  }

  /** The request, open or lately closed, that sent a READ for this event. */
  byRead(eventId: number): OpenRequest | undefined {
    return this.#byRead.get(eventId);
  }

  /** A box's answer is in: the box is not asked again while it is decoded and stored. `answered` or `unusable` must follow. */
  arrived(request: OpenRequest, boxId: number): void {
    if (request.closedAt !== undefined) this.counts.late += 1;
    const ask = request.asks.get(boxId);
    if (ask?.state === 'waiting') ask.state = 'arrived';
    request.storing += 1;
  }

  /** What arrived could not be used: the box is asked again when the time comes. */
  unusable(request: OpenRequest, boxId: number): void {
    const ask = request.asks.get(boxId);
    if (ask?.state === 'arrived') ask.state = 'waiting';
    this.#settled(request);
  }

  /** The answer is stored, or needs no storing. @param empty it held nothing of the window */
  answered(request: OpenRequest, boxId: number, empty: boolean): void {
    this.counts.answered += 1;
    if (empty) this.counts.empty += 1;
    const ask = request.asks.get(boxId);
    if (ask !== undefined) this.#giveBack(request, ask);
    this.#stopWaiting(boxId, request);
    if (request.closedAt === undefined && this.#isComplete(request)) this.#close(request);
    this.#settled(request);
  }

  /** A Box 3 subscribed. */
  box3Came(boxId: number): void {
    for (const request of this.#waiting.get(boxId) ?? []) this.#options.asker.askReturned(request, boxId);
  }

  /** One or more Box 2s subscribed. */
  box2Came(): void {
    for (const request of this.#open) this.#options.asker.readAgain(request);
  }

  /** Ends all timers. What is open stays in the store and is asked again by the next broker. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelForget();
    this.#options.asker.stop();
    for (const request of this.#open) request.cancel();
  }

  /** ms until the window has passed: a box answers a window that ends in the future at once, with what is there. */
  #untilPassed({ window, command, event }: OpenRequest): number {
    if (window === undefined) return 0;
    // A client's Command whose answer is only routed goes out at once, unless it says `wait`.
    if (event === undefined && !(command?.body.kind === 'data' && command.body.wait)) return 0;
    const leftMs = window.endMs - this.#options.clock.now();
    // No window so far ahead is taken: the clock was set back meanwhile, and boxes go by their own.
    if (leftMs > MAX_AHEAD_MS) return 0;
    return leftMs <= 0 ? 0 : leftMs + this.#options.settleMs;
  }

  #start(request: OpenRequest): void {
    const { asker, clock } = this.#options;
    request.started = true;
    const ended = (): boolean => this.#stopped || request.closedAt !== undefined;
    const timers = RETRY_AFTER_MS.map((ms) => clock.after(ms, () => asker.askAgain(request, ended)));
    timers.push(clock.after(GIVE_UP_AFTER_MS, () => this.#giveUp(request)));
    request.cancel = () => {
      for (const cancel of timers) cancel();
    };
    asker.ask(request, ended);
    if (this.#isComplete(request)) this.#close(request);
  }

  #isComplete(request: OpenRequest): boolean {
    const nobodyYet = request.everyone && request.asks.size === 0 && request.readAnswers.size === 0;
    if (nobodyYet || this.#options.asker.missesUnnamed(request)) return false;
    for (const ask of request.asks.values()) if (ask.state !== 'answered') return false;
    return true;
  }

  #giveUp(request: OpenRequest): void {
    const silent = [...request.asks.values()]
      .filter((ask) => ask.state === 'waiting')
      .map((ask) => ask.boxId);
    if (silent.length > 0) {
      this.counts.expired += silent.length;
      const boxes = silent.slice(0, NAMED_IN_LOG);
      this.#options.log.info({ request: request.key, silent: silent.length, boxes }, 'given up: no answer');
    }
    this.#close(request);
  }

  #close(request: OpenRequest): void {
    if (request.closedAt !== undefined) return;
    request.cancel();
    request.closedAt = this.#options.clock.monotonic();
    this.#open.delete(request);
    this.#openAsks -= request.weight;
    this.#heldAsks -= held(request);
    for (const boxId of request.asks.keys()) this.#stopWaiting(boxId, request);
    this.#closed.add(request);
    this.#closedAsks += held(request);
    this.#forget();
    this.#finish(request);
  }

  /** A box answered: a request waits for it no more. */
  #giveBack(request: OpenRequest, ask: BoxAsk): void {
    if (ask.state === 'answered') return;
    ask.state = 'answered';
    if (request.closedAt !== undefined || request.weight === 1) return;
    request.weight -= 1;
    this.#openAsks -= 1;
  }

  /** One answer less that is being decoded or stored. */
  #settled(request: OpenRequest): void {
    request.storing -= 1;
    this.#finish(request);
  }

  #finish(request: OpenRequest): void {
    if (request.closedAt === undefined || request.storing > 0 || request.done) return;
    request.done = true;
    this.#options.done(request);
  }

  #stopWaiting(boxId: number, request: OpenRequest): void {
    const waiting = this.#waiting.get(boxId);
    waiting?.delete(request);
    if (waiting?.size === 0) this.#waiting.delete(boxId);
  }

  #scheduleForget(): void {
    this.#cancelForget = this.#options.clock.after(FORGET_EVERY_MS, () => {
      this.#forget();
      this.#scheduleForget();
    });
  }

  #forget(): void {
    const now = this.#options.clock.monotonic();
    for (const request of this.#closed) {
      const isOld = now - (request.closedAt ?? now) > LATE_ANSWERS_MS;
      if (!isOld && this.#closedAsks <= this.#options.limit) return;
      this.#closed.delete(request);
      this.#keys.delete(request.key);
      this.#closedAsks -= held(request);
      for (const { seq } of request.asks.values()) if (seq !== undefined) this.#bySeq.delete(seq);
      const eventId = request.event?.event.event_id;
      if (eventId !== undefined && this.#byRead.get(eventId) === request) this.#byRead.delete(eventId);
    }
  }
}

/** What is remembered of a request: its boxes, and one for itself where it names none. */
function held(request: OpenRequest): number {
  return Math.max(1, request.asks.size);
}
