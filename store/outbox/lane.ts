/**
 * The writes of one lane on their way to the store. They are given to it in their order, some at a time. What it does not take gets back to its place
 * and is tried again after a growing pause, one write at a time until one is taken. What waits is bounded.
 */
import { BackOff } from '../../common/backoff.js';
import type { Clock } from '../../common/clock.js';
import { MakaiError, messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { bytesOf, itemsOf, type Sink, type Stored, type Write } from '../writes.js';
import { BACK_OFF, helpsToRetry, type Lane, type LaneLimits, POLICY, type Policy } from './policy.js';
import type { StoreHealth } from './store-health.js';

interface Entry {
  write: Write;
  items: number;
  bytes: number;
  retry: Policy['retry'];
  stored(stored: Stored): void;
  /** it will not be stored: refused, dropped, or given up by a stop */
  failed(error: unknown): void;
  /** how many items had been accepted before its first one */
  first: number;
  failures: number;
}

export interface LaneDeps {
  name: Lane;
  limits: LaneLimits & { atOnce: number };
  store: Pick<Sink, 'apply'>;
  health: StoreHealth;
  clock: Clock;
  log: Logger;
}

export interface PutOptions {
  /** it is not tried again, whatever its policy says */
  once?: boolean;
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
  /** accepted items that will not be stored: dropped, refused, given up */
  #notStored = 0;
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

  /**
   * Fulfilled when the write is durable.
   * @throws what the store said: MakaiError STORE_REFUSED, or any other once the outbox gives up or the write's policy does
   */
  put(write: Write, { once = false }: PutOptions = {}): Promise<Stored> {
    return new Promise((resolve, reject) => this.#add(write, resolve, reject, once));
  }

  /** For batches: nobody waits. @param over called when it is stored, or will not be */
  push(write: Write, over: () => void = () => undefined): void {
    this.#add(write, over, over, false);
  }

  #add(
    write: Write,
    stored: (stored: Stored) => void,
    failed: (error: unknown) => void,
    once: boolean,
  ): void {
    const { clock, limits } = this.#deps;
    const { maxBytes, maxItems, whenFull } = limits;
    const isFull = (): boolean => this.#lineItems > maxItems || this.#lineBytes > maxBytes;
    if (this.#givingUp || (whenFull === 'refuse' && isFull())) {
      failed(this.#refusal());
      return;
    }
    const entry: Entry = {
      // From now: a write that is tried for hours expires as if it had been taken.
      write: write.acceptedAtMs === undefined ? { ...write, acceptedAtMs: clock.now() } : write,
      items: itemsOf(write),
      bytes: bytesOf(write),
      retry: once ? 'never' : POLICY[write.kind].retry,
      stored,
      failed,
      first: this.#accepted,
      failures: 0,
    };
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

  /**
   * Fulfilled when the first `count` items accepted are over.
   * @returns whether they are durable. False also where other items were not stored meanwhile: a caller who asks then sends again what is stored already.
   */
  async durable(count: number): Promise<boolean> {
    const before = this.#notStored;
    await this.settled(count);
    return this.#notStored === before && !this.#ended;
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
    this.#notStored += lost;
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
    this.#notStored += oldest.items;
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
      const start = performance.now();
      void this.#deps.store.apply(next.write).then(
        (stored) => this.#taken(next, stored, start),
        (error: unknown) => this.#notTaken(next, error),
      );
    }
  }

  #taken(entry: Entry, stored: Stored, startMs: number): void {
    this.#deps.health.took(startMs, entry.write.kind);
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
    this.#deps.health.failed();
    entry.failures += 1;
    this.#failures += 1;
    this.#lastError = messageOf(error);
    this.#underWay.delete(entry);
    if (this.#givingUp || !helpsToRetry(entry.retry, error, entry.failures)) {
      if (entry.retry !== 'never') this.#report('the store does not take a write', error, entry.write);
      this.#notStored += entry.items;
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
