/**
 * All open requests: when each is sent (again 5, 10 and 20 s after the first time, given up after 60 s) and which one a reply belongs to.
 * Closed requests stay for a while, because replies come late over a bad line. Memory is bounded by the number of boxes asked: past the
 * limit of boxes that have not replied no request is taken, and as many boxes of closed ones are remembered. A box that replied no longer
 * counts, so that one silent box does not hold the weight of all that were asked with it; what open requests remember of those is bounded
 * as well, by some times the limit.
 */
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { CommandNumbers, Dialect, DialectToOne, TimeWindow } from '../../proto/index.js';
import type { OpenRequest } from './open-request.js';
import type { RequestCommands } from './request-commands.js';

/** When commands go out again and when they are given up, in ms after the first time (wire-protocols 3.2). */
export const RETRY_AFTER_MS = [5_000, 10_000, 20_000] as const;
export const GIVE_UP_AFTER_MS = 60_000;
/** How long replies to a closed request are still taken. */
export const LATE_REPLIES_MS = 600_000;
const FORGET_EVERY_MS = 10_000;
/** Boxes of open requests, also those that replied: so many times the limit. */
const HELD_FACTOR = 4;
/** Ids of silent boxes named in a log line. */
const NAMED_IN_LOG = 20;

export interface OpenRequestsOptions {
  clock: Clock;
  commands: RequestCommands;
  log: Logger;
  /** boxes that open requests wait for at one time; as many of closed ones are remembered */
  limit: number;
  /** ms after the end of a window that lay in the future before boxes are asked for it */
  settleMs: number;
  /** no window so far ahead is taken: if there is one, the clock was set back meanwhile, and boxes go by their own */
  maxAheadMs: number;
  /** called once when a request is closed and all replies to it are stored */
  finished(request: OpenRequest): void;
  /** called once when a request is asked for the first time */
  started?: ((request: OpenRequest) => void) | undefined;
  /** called for each box that did not reply to a request that is given up */
  missed(boxId: number): void;
}

export class OpenRequests implements Running {
  readonly #options: OpenRequestsOptions;
  readonly #open = new Set<OpenRequest>();
  /** the one closed first in front */
  readonly #closed = new Set<OpenRequest>();
  /** of both */
  readonly #keys = new Set<string>();
  readonly #byNumber = new Map<Dialect, Map<number, OpenRequest>>();
  readonly #numbers = new Map<Dialect, CommandNumbers>();
  /** box id → open requests that wait for it */
  readonly #waiting = new Map<number, Set<OpenRequest>>();
  /** weights of the open ones; boxes of the open and of the closed ones */
  #weight = 0;
  #openBoxes = 0;
  #closedBoxes = 0;
  #stopped = false;
  #cancelForget = (): void => undefined;
  readonly counts = { opened: 0, replied: 0, empty: 0, late: 0, expired: 0 };

  constructor(options: OpenRequestsOptions) {
    this.#options = options;
    this.#scheduleForget();
  }

  get count(): number {
    return this.#open.size;
  }

  /** Boxes that open requests wait for. */
  get waitingBoxes(): number {
    return this.#weight;
  }

  /** Whether so many more boxes can be asked. */
  hasCapacity(boxes: number): boolean {
    const { limit } = this.#options;
    const more = Math.max(1, boxes);
    return this.#weight + more <= limit && this.#openBoxes + more <= HELD_FACTOR * limit;
  }

  /** A number for a command to one box that no open or lately closed request has. */
  newNumber(dialect: DialectToOne): number {
    let numbers = this.#numbers.get(dialect);
    if (numbers === undefined) {
      numbers = dialect.newNumbers();
      this.#numbers.set(dialect, numbers);
    }
    return numbers.next((number) => this.find(dialect, number) !== undefined);
  }

  /** Whether a request of this key is open or lately closed. */
  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** The request, open or lately closed, whose command has this number. */
  find(dialect: Dialect, number: number): OpenRequest | undefined {
    return this.#byNumber.get(dialect)?.get(number);
  }

  /** The requests that a reply to a command to all boxes belongs to; undefined when none went out for this window. */
  sharing(lead: OpenRequest, dialect: Dialect, window: TimeWindow, boxId: number): OpenRequest[] | undefined {
    return this.#options.commands.requestsOf(lead, dialect, window, boxId);
  }

  /** Takes a request in, unless it is here already. Its commands go out immediately, or when its window has passed. */
  add(request: OpenRequest): void {
    if (this.#stopped || this.#keys.has(request.key)) return;
    this.#keys.add(request.key);
    this.counts.opened += 1;
    this.#open.add(request);
    this.#weight += request.weight;
    this.#openBoxes += request.size;
    for (const boxId of request.boxIds) {
      this.#waiting.set(boxId, (this.#waiting.get(boxId) ?? new Set()).add(request));
    }
    for (const [dialect, number] of request.numbers()) {
      this.#byNumber.set(dialect, (this.#byNumber.get(dialect) ?? new Map()).set(number, request));
    }
    const waitMs = this.#untilPassed(request);
    if (waitMs <= 0) this.#start(request);
    else request.holdTimers(this.#options.clock.after(waitMs, () => this.#start(request)));
  }

  /** A reply is in: the box is not asked again while it is decoded and stored. `replied` or `unusable` must follow. */
  arrived(request: OpenRequest, boxId: number): void {
    if (!request.isOpen) this.counts.late += 1;
    request.arrived(boxId);
  }

  /** What arrived could not be used: the box is asked again when the time comes. */
  unusable(request: OpenRequest, boxId: number): void {
    request.unusable(boxId);
    this.#finish(request);
  }

  /** The reply is stored, or needs no storing. @param isEmpty it held nothing of the window */
  replied(request: OpenRequest, boxId: number, isEmpty: boolean): void {
    this.counts.replied += 1;
    if (isEmpty) this.counts.empty += 1;
    const weight = request.weight;
    request.replied(boxId);
    this.#stopWaiting(boxId, request);
    if (!request.isOpen) this.#finish(request);
    else {
      this.#weight += request.weight - weight;
      if (this.#isComplete(request)) this.#close(request);
    }
  }

  /** A box subscribed. @param boxId undefined: one or more that did not say which they are */
  boxReturned(dialect: Dialect, boxId: number | undefined): void {
    const { commands } = this.#options;
    if (boxId === undefined) {
      for (const request of this.#open) commands.anonymousReturned(request, dialect);
    } else {
      for (const request of this.#waiting.get(boxId) ?? []) commands.boxReturned(request, dialect, boxId);
    }
  }

  /** Ends all timers. What is open stays in the store and is asked again by the next broker. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelForget();
    this.#options.commands.stop();
    for (const request of this.#open) request.cancelTimers();
  }

  /** ms until the window has passed: a box replies to a window that ends in the future immediately, with what it has. */
  #untilPassed({ command, event, window }: OpenRequest): number {
    if (window === undefined) return 0;
    // A client's Command whose reply is only routed goes out immediately, unless it says `wait`.
    if (event === undefined && !(command?.body.kind === 'data' && command.body.wait)) return 0;
    const { clock, maxAheadMs, settleMs } = this.#options;
    const leftMs = window.endMs - clock.now();
    return leftMs > maxAheadMs || leftMs <= 0 ? 0 : leftMs + settleMs;
  }

  #start(request: OpenRequest): void {
    const { clock, commands } = this.#options;
    request.start();
    this.#options.started?.(request);
    const isOver = (): boolean => this.#stopped || !request.isOpen;
    const timers = RETRY_AFTER_MS.map((ms) => clock.after(ms, () => commands.sendAgain(request, isOver)));
    timers.push(clock.after(GIVE_UP_AFTER_MS, () => this.#giveUp(request)));
    request.holdTimers(() => {
      for (const cancel of timers) cancel();
    });
    commands.send(request, isOver);
    if (this.#isComplete(request)) this.#close(request);
  }

  #isComplete(request: OpenRequest): boolean {
    return request.isComplete && !this.#options.commands.missesAnonymous(request);
  }

  #giveUp(request: OpenRequest): void {
    const silent = [...request.asks].filter(({ state }) => state === 'waiting').map(({ boxId }) => boxId);
    if (silent.length > 0) {
      this.counts.expired += silent.length;
      for (const boxId of silent) this.#options.missed(boxId);
      const boxes = silent.slice(0, NAMED_IN_LOG);
      this.#options.log.info({ request: request.key, silent: silent.length, boxes }, 'timed out: no reply');
    }
    this.#close(request);
  }

  #close(request: OpenRequest): void {
    if (!request.isOpen) return;
    request.close(this.#options.clock.monotonic());
    this.#open.delete(request);
    this.#weight -= request.weight;
    this.#openBoxes -= request.size;
    for (const boxId of request.boxIds) this.#stopWaiting(boxId, request);
    this.#closed.add(request);
    this.#closedBoxes += request.size;
    this.#forget();
    this.#finish(request);
  }

  #finish(request: OpenRequest): void {
    if (request.finish()) this.#options.finished(request);
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
      const isOld = now - (request.closedAt ?? now) > LATE_REPLIES_MS;
      if (!isOld && this.#closedBoxes <= this.#options.limit) return;
      this.#closed.delete(request);
      this.#keys.delete(request.key);
      this.#closedBoxes -= request.size;
      for (const [dialect, number] of request.numbers()) {
        if (this.find(dialect, number) === request) this.#byNumber.get(dialect)?.delete(number);
      }
    }
  }
}
