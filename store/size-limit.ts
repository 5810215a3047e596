/**
 * Keeps a store below `store_max_bytes`: the waveforms of the oldest events that are not kept are deleted. It is announced a day before, from the
 * growth of the last hours: in the log, as a finding in the collection `health`, in `/status` and in metrics. Also where the setting is new, or was made
 * smaller: what the store holds above it then is deleted a day after the start. One daemon does so, the acquisition broker.
 */
import { type Clock, repeat, systemClock } from '../common/clock.js';
import { codeOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Metrics } from '../common/metrics/metrics.js';
import type { DeletedWaveforms } from './documents.js';
import { Growth } from './growth.js';
import type { Outbox } from './outbox/outbox.js';
import type { Maintenance } from './store.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A warning that was given ends when the limit is so far away: not at each change of the growth. */
const CALM_MS = 1.25 * DAY_MS;
/** What a store is above its limit at the start of the daemon without being a surprise: what came while it was stopped. */
const SURPRISE = 1.05;

/** `near`: full within a day as it grows now, or larger at the start; `reached`: waveforms were deleted within the last day; `exceeded`: nothing is left that may be deleted. */
export type SizeState = 'below' | 'near' | 'reached' | 'exceeded';

export interface SizeLimitOptions {
  store: Pick<Maintenance, 'usedBytes' | 'deleteOldestWaveforms'>;
  maxBytes: number;
  outbox: Pick<Outbox, 'put'>;
  log: Logger;
  clock?: Clock;
  everyMs?: number;
}

export interface SizeLimitStatus {
  max_bytes: number;
  /** absent: not looked at yet */
  used_bytes?: number;
  state: SizeState;
  /** of the last hours; absent in the first hour */
  bytes_per_day?: number;
  /** hours until the limit is reached as it grows now; absent where it does not grow */
  full_in_hours?: number;
  /** since the start of the daemon */
  deleted: DeletedWaveforms;
}

export class SizeLimit implements Running {
  readonly #options: SizeLimitOptions;
  readonly #clock: Clock;
  readonly #growth = new Growth();
  readonly #stopping = new AbortController();
  readonly #deleted: DeletedWaveforms = { events: 0, waveforms: 0, bytes: 0 };
  #first: Promise<void> = Promise.resolve();
  #checks: Running | undefined;
  #used: number | undefined;
  #bytesPerMs: number | undefined;
  /** undefined: nothing was said yet */
  #state: SizeState | undefined;
  /** by the monotonic clock */
  #lastDeletedMs: number | undefined;
  /** nothing is deleted before, by the monotonic clock */
  #deleteFromMs = Number.NEGATIVE_INFINITY;

  constructor(options: SizeLimitOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Looks for the first time now, and then once a minute. */
  start(): this {
    this.#first = this.#check();
    const next = (): Promise<void> => this.#first.then(() => this.#check());
    this.#checks = repeat(next, this.#options.everyMs ?? MINUTE_MS, this.#clock);
    return this;
  }

  status(): SizeLimitStatus {
    const left = this.#msLeft();
    return {
      max_bytes: this.#options.maxBytes,
      ...(this.#used === undefined ? {} : { used_bytes: this.#used }),
      state: this.#state ?? 'below',
      ...(this.#bytesPerMs === undefined ? {} : { bytes_per_day: Math.round(DAY_MS * this.#bytesPerMs) }),
      ...(left === undefined ? {} : { full_in_hours: Math.round(left / 360_000) / 10 }),
      deleted: { ...this.#deleted },
    };
  }

  /** Fulfilled once nothing more is deleted. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#first;
    await this.#checks?.stop();
  }

  async #check(): Promise<void> {
    const { log, maxBytes, store } = this.#options;
    try {
      const isFirst = this.#used === undefined;
      this.#used = await store.usedBytes();
      if (isFirst && this.#used > SURPRISE * maxBytes) this.#deleteFromMs = this.#clock.monotonic() + DAY_MS;
      if (this.#used > maxBytes && this.#clock.monotonic() >= this.#deleteFromMs)
        await this.#makeSmaller(this.#used - maxBytes);
    } catch (error) {
      // While the database is unavailable it does not grow, and others say so.
      if (this.#stopping.signal.aborted || codeOf(error) === 'STORE_UNAVAILABLE') return;
      log.warn({ code: codeOf(error), err: error }, 'the size of the store could not be looked at');
      return;
    }
    const nowMs = this.#clock.monotonic();
    this.#bytesPerMs = this.#growth.look(nowMs, this.#used + this.#deleted.bytes);
    this.#enter(this.#judge(nowMs));
  }

  async #makeSmaller(excess: number): Promise<void> {
    const { log, maxBytes, store } = this.#options;
    const before = { ...this.#deleted };
    try {
      for (let left = excess; left > 0 && !this.#stopping.signal.aborted; ) {
        const some = await store.deleteOldestWaveforms(left, this.#clock.now());
        for (const key of ['events', 'waveforms', 'bytes'] as const) this.#deleted[key] += some[key];
        left -= some.bytes;
        if (left > 0 && some.waveforms > 0) continue;
        // What was deleted is less than what it took, or more: only the store knows.
        this.#used = await store.usedBytes();
        left = some.waveforms === 0 ? 0 : this.#used - maxBytes;
      }
    } finally {
      // Also what was deleted before the store failed.
      const events = this.#deleted.events - before.events;
      const waveforms = this.#deleted.waveforms - before.waveforms;
      if (waveforms > 0) {
        this.#lastDeletedMs = this.#clock.monotonic();
        log.info(
          { events, waveforms, usedBytes: this.#used, maxBytes },
          'the waveforms of the oldest events were deleted: the store is as large as store_max_bytes',
        );
      }
    }
  }

  #msLeft(): number | undefined {
    const toFirst = this.#deleteFromMs - this.#clock.monotonic();
    if (this.#used !== undefined && this.#used > this.#options.maxBytes && toFirst > 0) return toFirst;
    if (this.#used === undefined || this.#bytesPerMs === undefined || this.#bytesPerMs <= 0) return undefined;
    return Math.max(0, this.#options.maxBytes - this.#used) / this.#bytesPerMs;
  }

  #judge(nowMs: number): SizeState {
    if ((this.#used ?? 0) > this.#options.maxBytes) return nowMs < this.#deleteFromMs ? 'near' : 'exceeded';
    if (this.#lastDeletedMs !== undefined && nowMs - this.#lastDeletedMs < DAY_MS) return 'reached';
    const left = this.#msLeft() ?? Number.POSITIVE_INFINITY;
    return left <= (this.#state === undefined || this.#state === 'below' ? DAY_MS : CALM_MS)
      ? 'near'
      : 'below';
  }

  /** Also at the start: it may be the end of what the daemon said before. */
  #enter(state: SizeState): void {
    // Stopped in between, it may be above the limit for that reason alone.
    if (state === this.#state || this.#stopping.signal.aborted) return;
    this.#state = state;
    const { log } = this.#options;
    const status = this.status();
    const info = sentence(status);
    if (state === 'below') log.info({ storeSize: status }, info);
    else log.warn({ storeSize: status }, info);
    const finding = {
      timestamp: new Date(this.#clock.now()),
      service: 'MAKAI',
      serviceID: 'store_max_bytes',
      status: state === 'below' ? ('UP' as const) : ('DOWN' as const),
      info,
    };
    this.#options.outbox.put({ kind: 'health', finding }).catch((error: unknown) => {
      log.warn({ err: error }, 'the finding about the size of the store could not be written to it');
    });
  }
}

/** What a state means, for the log, `health` and doctor. */
export function sentence({
  bytes_per_day = 0,
  full_in_hours = 0,
  max_bytes,
  state,
  used_bytes = 0,
}: Omit<SizeLimitStatus, 'deleted' | 'state'> & { state: string }): string {
  const of = `${megabytes(used_bytes)} of ${megabytes(max_bytes)} MB (store_max_bytes)`;
  switch (state) {
    case 'near': {
      const growth = used_bytes > max_bytes ? '' : ` and grows by ${megabytes(bytes_per_day)} MB a day`;
      return `the store holds ${of}${growth}: in ${full_in_hours} hours the waveforms of the oldest events that are not kept begin to be deleted`;
    }
    case 'reached':
      return `the store holds ${of}: the waveforms of the oldest events that are not kept are deleted`;
    case 'exceeded':
      return `the store holds ${of}, and there is no waveform left that may be deleted`;
    default:
      return `the store holds ${of}: no waveform is deleted for that reason`;
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Of a daemon that keeps the limit; without values where none is set. */
export function addSizeMetrics(metrics: Metrics, limit: () => SizeLimitStatus | undefined): void {
  metrics.gauge('makai_store_used_bytes', () => limit()?.used_bytes);
  metrics.gauge('makai_store_max_bytes', () => limit()?.max_bytes);
  metrics.counter('makai_store_waveforms_deleted_total', () => limit()?.deleted.waveforms);
}
