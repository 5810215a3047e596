/** Keeps the store's trends: writes those that were summed up here, and has the store compute the others from its measurements. */
import { codeOf, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { Store } from '../../store/store.js';
import { DueWindows } from './due-windows.js';
import type { Trend, TrendOutput, WindowOf } from './windows.js';

/** How often what is due is looked for. */
const LOOK_MS = 1000;
/** A late measurement seldom comes alone: its window waits this long for the others. */
const LATE_MS = 5000;
/** Windows computed by the store at once, and trends written at once: small, so that measurements get their turn in between. */
const COMPUTED_AT_ONCE = 50;
const WRITTEN_AT_ONCE = 500;
/** Windows that may wait. */
const DUE_LIMIT = 500_000;
/** Trends that may wait to be written; of further ones the store computes the windows again later. */
const CLOSED_LIMIT = 20_000;
const QUIET_MS = 60_000;
const DAY_MS = 86_400_000;
/** Pause before the store is asked again where it stands. */
const RECOVER_AGAIN_MS = 10_000;
/** How long a stop goes on writing. */
const DRAIN_MS = 10_000;

export interface TrendsOptions {
  store: Pick<Store, 'computeTrends' | 'putTrends' | 'newestByBox'>;
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
  #written = 0;
  #computed = 0;
  #failures = 0;
  #toldMs = Number.NEGATIVE_INFINITY;
  #working: Promise<void> | undefined;
  #recovering: NodeJS.Timeout | undefined;
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
   * A store that does not answer is asked again later.
   */
  async recover(): Promise<void> {
    try {
      await this.#recover();
    } catch (error) {
      this.#options.log.warn(
        { detail: messageOf(error) },
        'the store does not say yet which trends are undone',
      );
      this.#recovering = setTimeout(() => void this.recover(), RECOVER_AGAIN_MS);
      this.#recovering.unref();
    }
  }

  async #recover(): Promise<void> {
    const { store, windowMs, owns = () => true } = this.#options;
    const named = performance.now() - LATE_MS;
    for (const { boxId, measurementMs, trendMs = measurementMs } of await store.newestByBox()) {
      if (!owns(Number(boxId))) continue;
      const last = Math.floor(measurementMs / windowMs);
      const oldest = Math.floor((measurementMs - DAY_MS) / windowMs);
      const first = Math.max(oldest, Math.floor(Math.min(trendMs, measurementMs) / windowMs) - 2);
      for (let window = first; window <= last; window++)
        this.#due.add({ boxId: Number(boxId), window }, named);
    }
  }

  status(): TrendsStatus {
    return {
      written: this.#written,
      computed: this.#computed,
      waiting: this.#due.size + this.#closed.length,
      dropped: this.#due.dropped,
      failures: this.#failures,
    };
  }

  /** Writes all that is due. Windows that were cut short are computed again by the next start. Measurements must have been handed to the store before. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#recovering);
    await this.#working;
    const end = performance.now() + DRAIN_MS;
    const failures = this.#failures;
    while (
      this.#closed.length + this.#due.size > 0 &&
      performance.now() < end &&
      this.#failures === failures
    ) {
      await this.#work(performance.now());
    }
    if (this.#closed.length + this.#due.size > 0) {
      this.#options.log.warn(
        { windows: this.#closed.length + this.#due.size },
        'stopped before all trends were written',
      );
    }
  }

  #look(): void {
    if (this.#working || this.#closed.length + this.#due.size === 0) return;
    this.#working = this.#work(performance.now() - LATE_MS).finally(() => {
      this.#working = undefined;
    });
  }

  /**
   * Everything that is due. First what was summed up here, then what the store computes: that is the later truth about a window.
   * What fails becomes due again.
   */
  async #work(namedUntilMs: number): Promise<void> {
    const { measurements, store, windowMs } = this.#options;
    for (;;) {
      const some = this.#closed.splice(0, WRITTEN_AT_ONCE);
      if (some.length === 0) break;
      const put = () => store.putTrends(some.map(({ trend }) => trend));
      if (
        await this.#try(
          put,
          some.map(({ of }) => of),
        )
      )
        this.#written += some.length;
      else return;
    }
    for (;;) {
      const some = this.#due.take(COMPUTED_AT_ONCE, namedUntilMs);
      if (some.length === 0) return;
      await measurements.settled(measurements.accepted);
      const compute = async () => {
        const windows = some.map(({ boxId, window }) => ({
          boxId: String(boxId),
          startMs: window * windowMs,
          endMs: (window + 1) * windowMs,
        }));
        const trends = (await store.computeTrends(windows)).filter((trend) => trend !== undefined);
        if (trends.length > 0) await store.putTrends(trends);
        this.#written += trends.length;
        this.#computed += trends.length;
      };
      if (!(await this.#try(compute, some))) return;
    }
  }

  async #try(action: () => Promise<void>, windows: readonly WindowOf[]): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      const now = performance.now();
      this.#failures += 1;
      for (const of of windows) this.#due.add(of, now);
      if (now - this.#toldMs >= QUIET_MS) {
        this.#toldMs = now;
        const fields = { code: codeOf(error), detail: messageOf(error), waiting: this.#due.size };
        this.#options.log.error(fields, 'the store did not take trends; they are tried again');
      }
      return false;
    }
  }
}
