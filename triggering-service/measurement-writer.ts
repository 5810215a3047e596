/**
 * Writes measurements to the store in bulk: a batch goes out when it is full or old enough, in order, some at a time, so that the store
 * never waits for this thread to hear that it is done. What the store does not take stays first in line and is tried again after a
 * pause, one batch at a time until one is taken; the line is bounded, the oldest measurements are dropped and counted.
 */
import { codeOf, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { copyRows, createColumns, type MeasurementColumns } from '../proto/columns.js';
import type { Store } from '../store/store.js';
import type { Batch } from '../stream/batch.js';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;
const QUIET_MS = 60_000;
/** Buffers kept for use again. */
const SPARE_BUFFERS = 6;
/** How long a stop tries to write what waits. */
const DRAIN_MS = 10_000;

export interface MeasurementWriterOptions {
  store: Pick<Store, 'insertMeasurements'>;
  /** measurements in a batch at most */
  batchSize: number;
  /** ms after which a batch goes out, full or not */
  delayMs: number;
  /** batches that the store has at one time */
  atOnce: number;
  /** measurements that may wait */
  queueLimit: number;
  log: Logger;
}

interface Buffered {
  columns: MeasurementColumns;
  /** how many measurements had been accepted before its first one */
  first: number;
  /** Unix ms when its first one was accepted */
  acceptedAtMs: number;
  /** the same by a clock that only goes forward */
  sinceMs: number;
  /** given back when the store has them, or they were dropped; left out: kept for use again here */
  release?: (columns: MeasurementColumns) => void;
}

export interface WriterStatus {
  stored: number;
  duplicates: number;
  /** dropped because the line was full */
  dropped: number;
  waiting: number;
  failures: number;
  last_error?: string;
}

export class MeasurementWriter implements Running {
  readonly #options: MeasurementWriterOptions;
  readonly #line: Buffered[] = [];
  readonly #spare: MeasurementColumns[] = [];
  #filling: Buffered | undefined;
  readonly #writing = new Set<Buffered>();
  /** true from a write that failed to the next one that did not: the store is given one batch at a time */
  #failing = false;
  #accepted = 0;
  #stored = 0;
  #duplicates = 0;
  #dropped = 0;
  #failures = 0;
  #lastError: string | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer: NodeJS.Timeout | undefined;
  #waiters: { until: number; resolve: () => void }[] = [];
  #stopping = false;
  #stopped = false;

  constructor(options: MeasurementWriterOptions) {
    this.#options = options;
  }

  /** Measurements accepted since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Fulfilled when the first `count` measurements accepted have been written, or dropped, or given up by a stop. */
  settled(count: number): Promise<void> {
    if (this.#stopped || this.#settled() >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ until: count, resolve }));
  }

  add({ columns, from, to }: Batch): void {
    for (let at = from; at < to; ) {
      const buffer = this.#filling ?? this.#open();
      const { count } = buffer.columns;
      const taken = Math.min(to - at, this.#options.batchSize - count);
      copyRows(columns, at, at + taken, buffer.columns, count);
      buffer.columns.count = count + taken;
      this.#accepted += taken;
      at += taken;
      if (buffer.columns.count < this.#options.batchSize) continue;
      this.#close();
      this.#write();
    }
  }

  /** Takes a batch that was gathered elsewhere as it is. @param release gets the columns back */
  take(
    columns: MeasurementColumns,
    acceptedAtMs: number,
    release: (columns: MeasurementColumns) => void,
  ): void {
    this.#line.push({ columns, first: this.#accepted, acceptedAtMs, sinceMs: performance.now(), release });
    this.#accepted += columns.count;
    this.#keepWithinLimit();
    this.#write();
  }

  status(): WriterStatus {
    return {
      stored: this.#stored,
      duplicates: this.#duplicates,
      dropped: this.#dropped,
      waiting: this.#accepted - this.#settled(),
      failures: this.#failures,
      ...(this.#lastError === undefined ? {} : { last_error: this.#lastError }),
    };
  }

  /** Writes what waits; what the store does not take within some seconds is dropped, counted and logged. */
  async stop(): Promise<void> {
    this.#stopping = true;
    // A pause may be as long as there is time: what waits for its end is tried at once.
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#close();
    this.#write();
    let deadline: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      deadline = setTimeout(resolve, DRAIN_MS);
    });
    await Promise.race([this.settled(this.#accepted), late]);
    clearTimeout(deadline);
    clearTimeout(this.#timer);
    clearTimeout(this.#retryTimer);
    const lost = this.#accepted - this.#settled();
    if (lost > 0) this.#options.log.error({ lost }, 'stopped with measurements that the store did not take');
    this.#stopped = true;
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  /** Measurements before the first one that still waits. */
  #settled(): number {
    let first = (this.#line[0] ?? this.#filling)?.first ?? this.#accepted;
    for (const writing of this.#writing) first = Math.min(first, writing.first);
    return first;
  }

  #open(): Buffered {
    const columns = this.#spare.pop() ?? createColumns(this.#options.batchSize);
    columns.count = 0;
    const { delayMs } = this.#options;
    this.#filling = { columns, first: this.#accepted, acceptedAtMs: Date.now(), sinceMs: performance.now() };
    this.#timer = setTimeout(() => {
      this.#close();
      this.#write();
    }, delayMs);
    return this.#filling;
  }

  /** The buffer being filled gets in line. */
  #close(): void {
    if (!this.#filling) return;
    clearTimeout(this.#timer);
    this.#line.push(this.#filling);
    this.#filling = undefined;
    this.#keepWithinLimit();
  }

  #keepWithinLimit(): void {
    let waiting = this.#line.reduce((sum, { columns }) => sum + columns.count, 0);
    while (waiting > this.#options.queueLimit && this.#line.length > 1) {
      const oldest = this.#line.shift();
      if (!oldest) break;
      waiting -= oldest.columns.count;
      this.#dropped += oldest.columns.count;
      oldest.release?.(oldest.columns);
      this.#lastError ??= 'the line is full';
      this.#tell('measurements were dropped: the store is too slow or away');
    }
  }

  #write(): void {
    const atOnce = this.#failing ? 1 : this.#options.atOnce;
    while (!this.#retryTimer && this.#writing.size < atOnce) {
      const next = this.#line.shift();
      if (!next) return;
      this.#writing.add(next);
      this.#options.store.insertMeasurements(next.columns, { acceptedAtMs: next.acceptedAtMs }).then(
        ({ inserted, duplicates }) => {
          this.#stored += inserted;
          this.#duplicates += duplicates;
          this.#retryMs = FIRST_RETRY_MS;
          this.#failing = false;
          this.#writing.delete(next);
          if (next.release) next.release(next.columns);
          else if (this.#spare.length < SPARE_BUFFERS) this.#spare.push(next.columns);
          this.#wakeWaiters();
          this.#write();
        },
        (error: unknown) => this.#retry(next, error),
      );
    }
  }

  #retry(failed: Buffered, error: unknown): void {
    this.#failures += 1;
    this.#lastError = messageOf(error);
    this.#tell('the store did not take measurements; they are kept and tried again', codeOf(error));
    this.#writing.delete(failed);
    const later = this.#line.findIndex(({ first }) => first > failed.first);
    this.#line.splice(later < 0 ? this.#line.length : later, 0, failed);
    this.#failing = true;
    if (this.#retryTimer || this.#stopped) return;
    this.#retryTimer = setTimeout(
      () => {
        this.#retryTimer = undefined;
        this.#write();
      },
      this.#stopping ? FIRST_RETRY_MS : this.#retryMs,
    );
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
  }

  #tell(message: string, code?: string): void {
    const now = performance.now();
    if (now - this.#toldMs < QUIET_MS) return;
    this.#toldMs = now;
    this.#options.log.error({ code, detail: this.#lastError, ...this.status() }, message);
  }

  #wakeWaiters(): void {
    const settled = this.#settled();
    if (this.#waiters.length === 0) return;
    const ready = this.#waiters.filter(({ until }) => until <= settled);
    this.#waiters = this.#waiters.filter(({ until }) => until > settled);
    for (const { resolve } of ready) resolve();
  }
}
