/** Keeps the store's trends: writes those that were summed up here, and has the store compute the others from its measurements. */
import { retry } from '../../common/backoff.js';
import { systemClock, within } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { Outbox } from '../../store/outbox/outbox.js';
import type { MeasurementReader } from '../../store/store.js';
import { DueWindows } from './due-windows.js';
import type { Trend, TrendOutput, WindowOf } from './windows.js';

/** How often what is due is looked for. */
const LOOK_MS = 1000;
/** A late measurement seldom comes alone: its window waits this long for the others. */
const LATE_MS = 5000;
/** Windows computed by the store in one write, and trends in one: few, so that measurements get their turn in between. */
const COMPUTED_AT_ONCE = 50;
const WRITTEN_AT_ONCE = 500;
/** Windows that may wait. */
const DUE_LIMIT = 500_000;
/** Trends that may wait to be written; of further ones the store computes the windows again later. */
const CLOSED_LIMIT = 20_000;
const DAY_MS = 86_400_000;
/** Pause before the store is asked again how far its data reach. */
const RECOVER_AGAIN_MS = 10_000;
/** Of boxes that moved here, windows so far back are computed too: the service before may have had them waiting behind newer ones, ms. */
const MOVED_MS = 60_000;
/** How long a stop goes on writing. */
const DRAIN_MS = 10_000;

export interface TrendsOptions {
  store: Pick<MeasurementReader, 'newestByBox'>;
  outbox: Pick<Outbox, 'put' | 'lanes' | 'hurry'>;
  windowMs: number;
  /** boxes whose trends are kept here; left out: all */
  owns?: (boxId: number) => boolean;
  /** measurements accepted so far, and when they have been stored */
  measurements: { readonly accepted: number; settled(count: number): Promise<void> };
  log: Logger;
}

export interface TrendsStatus {
  written: number;
  /** of these, computed from stored measurements */
  computed: number;
  /** windows and trends that wait */
  waiting: number;
  dropped: number;
  failures: number;
}

export class Trends implements Running, TrendOutput {
  readonly #options: TrendsOptions;
  readonly #due = new DueWindows(DUE_LIMIT);
  #closed: { trend: Trend; of: WindowOf }[] = [];
  /** being written */
  #underWay = 0;
  #written = 0;
  #computed = 0;
  #working: Promise<void> | undefined;
  readonly #stopping = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(options: TrendsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  closed(trend: Trend, of: WindowOf): void {
    if (this.#closed.length < CLOSED_LIMIT) this.#closed.push({ trend, of });
    else this.#due.add(of, performance.now());
  }

  fromStore(of: WindowOf): void {
    this.#due.add(of, performance.now());
  }

  /**
   * Names the windows for computing that a crash may have left undone: of each box the last two that have a trend, and all after.
   * A store that does not reply is asked again later. Never rejects.
   * @param owns boxes that moved to this service; left out: all whose trends are kept here
   */
  async recover(owns?: (boxId: number) => boolean): Promise<void> {
    const pauses = { firstMs: RECOVER_AGAIN_MS, maxMs: RECOVER_AGAIN_MS, signal: this.#stopping.signal };
    const options = { ...pauses, what: 'unfinished trends', clock: systemClock, log: this.#options.log };
    // A stop ends it; the next start names them again.
    await retry(() => this.#recover(owns), { ...options, helps: () => true }).catch(() => undefined);
  }

  async #recover(moved: ((boxId: number) => boolean) | undefined): Promise<void> {
    const { store, windowMs } = this.#options;
    const owns = moved ?? this.#owns;
    const back = 2 + (moved === undefined ? 0 : Math.ceil(MOVED_MS / windowMs));
    if (this.#stopping.signal.aborted) return;
    const named = performance.now() - LATE_MS;
    const newest = await store.newestByBox((boxId) => owns(Number(boxId)));
    for (const { boxId, measurementMs, trendMs = measurementMs } of newest) {
      const last = Math.floor(measurementMs / windowMs);
      const oldest = Math.floor((measurementMs - DAY_MS) / windowMs);
      const first = Math.max(oldest, Math.floor(Math.min(trendMs, measurementMs) / windowMs) - back);
      for (let window = first; window <= last; window++)
        this.#due.add({ boxId: Number(boxId), window }, named);
    }
  }

  status(): TrendsStatus {
    return {
      written: this.#written,
      computed: this.#computed,
      waiting: this.#waiting,
      dropped: this.#due.dropped,
      failures: this.#options.outbox.lanes.trends.status().failures,
    };
  }

  /** Writes all that is due. Windows that were left are computed by the next start. Measurements must have been handed to the outbox before. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#timer);
    this.#options.outbox.hurry();
    await within(this.#workAll(), DRAIN_MS, systemClock);
    if (this.#waiting > 0)
      this.#options.log.warn({ windows: this.#waiting }, 'stopped before all trends were written');
  }

  #owns = (boxId: number): boolean => this.#options.owns?.(boxId) ?? true;

  get #waiting(): number {
    return this.#due.size + this.#closed.length + this.#underWay;
  }

  async #workAll(): Promise<void> {
    await this.#working;
    await this.#work(performance.now());
  }

  #look(): void {
    if (this.#working || this.#closed.length + this.#due.size === 0) return;
    this.#working = this.#work(performance.now() - LATE_MS).finally(() => {
      this.#working = undefined;
    });
  }

  /** Everything that is due. First what was summed up here, then what the store computes: that is the later truth about a window. */
  async #work(namedUntilMs: number): Promise<void> {
    const { measurements, windowMs } = this.#options;
    for (;;) {
      const some = this.#closed.splice(0, WRITTEN_AT_ONCE);
      if (some.length === 0) break;
      // A box may have moved to another service since; that one computes the window.
      const trends = some.filter(({ of }) => this.#owns(of.boxId)).map(({ trend }) => trend);
      if (trends.length === 0) continue;
      this.#written += await this.#put({ kind: 'trends', trends }, trends.length);
    }
    for (;;) {
      const due = this.#due.take(COMPUTED_AT_ONCE, namedUntilMs);
      if (due.length === 0) return;
      const some = due.filter(({ boxId }) => this.#owns(boxId));
      if (some.length === 0) continue;
      await measurements.settled(measurements.accepted);
      const windows = some.map(({ boxId, window }) => ({
        boxId: String(boxId),
        startMs: window * windowMs,
        endMs: (window + 1) * windowMs,
      }));
      const computed = await this.#put({ kind: 'trend_windows', windows }, some.length);
      this.#written += computed;
      this.#computed += computed;
    }
  }

  /** @returns how many trends were written: none where the outbox has given up (and said so) */
  async #put(write: Parameters<Outbox['put']>[0], windows: number): Promise<number> {
    this.#underWay += windows;
    try {
      return (await this.#options.outbox.put(write)).inserted;
    } catch {
      return 0;
    } finally {
      this.#underWay -= windows;
    }
  }
}
