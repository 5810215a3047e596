/**
 * The writes of one lane on their way to the store. They are given to it in their order, some at a time. What it does not take gets back to its place
 * and is tried again after a growing pause, one write at a time until one is taken. What waits is bounded.
 */
import { BackOff } from '../../common/backoff.js';
import type { Clock } from '../../common/clock.js';
import { MakaiError, messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { Stored, Write, WriteResult } from '../writes.js';
import { BACK_OFF, helpsToRetry, type Lane, type LaneLimits, type Policy } from './policy.js';

export interface Entry {
  write: Write;
  items: number;
  bytes: number;
  retry: Policy['retry'];
  stored(stored: Stored): void;
  /** it will not be stored: refused, dropped, or given up by a stop */
  failed(error: unknown): void;
  /** set by the lane: how many items had been accepted before its first one */
  first: number;
  failures: number;
}

export interface LaneDeps {
  name: Lane;
  limits: LaneLimits & { atOnce: number };
  apply(write: Write): Promise<WriteResult>;
  clock: Clock;
  log: Logger;
}

export interface LaneStatus {
  stored: number;
  duplicates: number;
  /** dropped because too many waited */
  dropped: number;
  /** items that are not stored yet */
  waiting: number;
  failures: number;
  last_error?: string;
}

export class OutboxLane {
  readonly #deps: LaneDeps;
  readonly #line: Entry[] = [];
  readonly #underWay = new Set<Entry>();
  readonly #backOff = new BackOff(BACK_OFF);
  readonly #throttled: ThrottledLog;
  /** cancels the pause before the next try; undefined: there is none */
  #cancelPause: (() => void) | undefined;
  /** from a write that is to be tried again to the next one that is taken */
  #failing = false;
  #givingUp = false;
  #ended = false;
  #lineItems = 0;
  #lineBytes = 0;
  #accepted = 0;
  #stored = 0;
  #duplicates = 0;
  #dropped = 0;
  #failures = 0;
  #lastError: string | undefined;
  #waiters: { until: number; resolve: () => void }[] = [];

  constructor(deps: LaneDeps) {
    this.#deps = deps;
    this.#throttled = new ThrottledLog(deps.log, { clock: deps.clock });
  }

  /** Items accepted since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  push(entry: Entry): void {
    const { maxBytes, maxItems, whenFull } = this.#deps.limits;
    const isFull = (): boolean => this.#lineItems > maxItems || this.#lineBytes > maxBytes;
    if (this.#givingUp || (whenFull === 'refuse' && isFull())) {
      entry.failed(this.#refusal());
      return;
    }
    entry.first = this.#accepted;
    this.#accepted += entry.items;
    this.#insert(this.#line.length, entry);
    while (isFull() && this.#line.length > 1) this.#drop();
    this.#run();
  }

  /** Fulfilled when the first `count` items accepted have been stored, or dropped, or given up. */
  settled(count: number): Promise<void> {
    if (this.#ended || this.#settled() >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ until: count, resolve }));
  }

  status(): LaneStatus {
    return {
      stored: this.#stored,
      duplicates: this.#duplicates,
      dropped: this.#dropped,
      waiting: this.#accepted - this.#settled(),
      failures: this.#failures,
      ...(this.#lastError === undefined ? {} : { last_error: this.#lastError }),
    };
  }

  /** What waits for the end of a pause is tried now. */
  hurry(): void {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#backOff.reset();
    this.#run();
  }

  /** From here on each write is tried once more at most, and none is taken. */
  giveUp(): void {
    this.#givingUp = true;
    this.hurry();
  }

  /** Nothing is tried any more: what waits has failed. */
  end(): void {
    [this.#givingUp, this.#ended] = [true, true];
    this.#cancelPause?.();
    const lost = this.#accepted - this.#settled();
    for (const entry of this.#line.splice(0)) entry.failed(this.#refusal());
    [this.#lineItems, this.#lineBytes] = [0, 0];
    for (const { resolve } of this.#waiters.splice(0)) resolve();
    if (lost > 0)
      this.#deps.log.error(
        { lane: this.#deps.name, lost },
        'stopped with writes that the store did not take',
      );
  }

  /** Items before the first one that is not stored yet. */
  #settled(): number {
    let first = this.#line[0]?.first ?? this.#accepted;
    for (const entry of this.#underWay) first = Math.min(first, entry.first);
    return first;
  }

  #insert(at: number, entry: Entry): void {
    this.#line.splice(at, 0, entry);
    this.#lineItems += entry.items;
    this.#lineBytes += entry.bytes;
  }

  #shift(): Entry | undefined {
    const entry = this.#line.shift();
    if (entry === undefined) return undefined;
    this.#lineItems -= entry.items;
    this.#lineBytes -= entry.bytes;
    return entry;
  }

  #drop(): void {
    const oldest = this.#shift();
    if (oldest === undefined) return;
    this.#dropped += oldest.items;
    this.#lastError ??= 'too many writes wait';
    this.#report('writes were dropped: the store is unavailable or too slow');
    oldest.failed(new MakaiError('STORE_UNAVAILABLE', 'dropped: too many writes waited for the store'));
  }

  #run(): void {
    const atOnce = this.#failing ? 1 : this.#deps.limits.atOnce;
    while (this.#cancelPause === undefined && this.#underWay.size < atOnce) {
      const next = this.#shift();
      if (next === undefined) return;
      this.#underWay.add(next);
      void this.#deps.apply(next.write).then((result) => {
        if ('error' in result) this.#notTaken(next, result.error);
        else this.#taken(next, result);
      });
    }
  }

  #taken(entry: Entry, stored: Stored): void {
    this.#stored += stored.inserted;
    this.#duplicates += stored.duplicates;
    if (this.#failing) this.#deps.log.info({ lane: this.#deps.name }, 'the store takes writes again');
    this.#failing = false;
    this.#backOff.reset();
    this.#underWay.delete(entry);
    entry.stored(stored);
    this.#wakeWaiters();
    this.#run();
  }

  #notTaken(entry: Entry, error: unknown): void {
    entry.failures += 1;
    this.#failures += 1;
    this.#lastError = messageOf(error);
    this.#underWay.delete(entry);
    if (this.#givingUp || !helpsToRetry(entry.retry, error, entry.failures)) {
      if (entry.retry !== 'never') this.#report('the store does not take a write', error, entry.write);
      entry.failed(error);
      this.#wakeWaiters();
    } else {
      this.#report('the store does not take a write; it is kept and tried again', error, entry.write);
      const later = this.#line.findIndex(({ first }) => first > entry.first);
      this.#insert(later < 0 ? this.#line.length : later, entry);
      this.#failing = true;
      this.#cancelPause ??= this.#deps.clock.after(this.#backOff.next(), () => {
        this.#cancelPause = undefined;
        this.#run();
      });
    }
    this.#run();
  }

  #report(message: string, err?: unknown, write?: Write): void {
    const error = err === undefined ? {} : { err, kind: write?.kind };
    this.#throttled.error({ lane: this.#deps.name, ...error, ...this.status() }, message, this.#deps.name);
  }

  #refusal(): MakaiError {
    const why = this.#givingUp ? 'stopped before the store took it' : 'too many writes wait for the store';
    return new MakaiError('STORE_UNAVAILABLE', this.#lastError ?? why);
  }

  #wakeWaiters(): void {
    if (this.#waiters.length === 0) return;
    const settled = this.#settled();
    const ready = this.#waiters.filter(({ until }) => until <= settled);
    this.#waiters = this.#waiters.filter(({ until }) => until > settled);
    for (const { resolve } of ready) resolve();
  }
}
