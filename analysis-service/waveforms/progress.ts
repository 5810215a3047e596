/** Shows how a backlog is worked off: in the status, and in the log now and then. */
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { AnalysisQueue } from '../../store/store.js';

/** A backlog is counted so far, and so often. */
const MOST_COUNTED = 100_000;
const EVERY_MS = 10_000;

export class Progress {
  readonly #store: Pick<AnalysisQueue, 'countWaitingWaveforms'>;
  readonly #log: Logger;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #countedMs = Number.NEGATIVE_INFINITY;
  #doneSince = 0;
  /** undefined: no backlog */
  backlog: number | undefined;

  constructor(
    store: Pick<AnalysisQueue, 'countWaitingWaveforms'>,
    log: Logger,
    clock: Pick<Clock, 'monotonic'>,
  ) {
    this.#store = store;
    this.#log = log;
    this.#clock = clock;
  }

  done(): void {
    this.#doneSince += 1;
    if (this.backlog !== undefined) this.backlog = Math.max(0, this.backlog - 1);
  }

  /** @param isMore as many waveforms waited as were asked for */
  seen(isMore: boolean): void {
    const now = this.#clock.monotonic();
    if (!isMore) {
      if (this.backlog !== undefined) this.#log.info('no waveform waits any more');
      this.backlog = undefined;
      return;
    }
    if (now - this.#countedMs < EVERY_MS) return;
    const seconds = (now - this.#countedMs) / 1000;
    this.#countedMs = now;
    void this.#count(seconds);
  }

  async #count(seconds: number): Promise<void> {
    const done = this.#doneSince;
    this.#doneSince = 0;
    try {
      this.backlog = await this.#store.countWaitingWaveforms(MOST_COUNTED);
    } catch {
      // Whoever analyses next meets the same failure, and reports it.
      return;
    }
    const rate = Number.isFinite(seconds) && seconds > 0 ? done / seconds : undefined;
    const left = rate === undefined || rate === 0 ? undefined : Math.round(this.backlog / rate);
    this.#log.info(
      { waiting: this.backlog, per_second: rate, seconds_left: left },
      'waveforms wait to be analysed',
    );
  }
}
