/**
 * The cycles a box holds: the latest `capacity` of them, by number and timestamp. The samples themselves stay in the source, which
 * gives the same counts for the same number, so an hour costs no memory.
 *
 * A timestamp is the read-out time: the end of the cycle. Timestamps rise by 1/60 s (rounded down to milliseconds) from the start; after a
 * gap (the process slept) a new run of timestamps begins.
 */
import { CYCLE_MS } from './sources/source.js';

interface Run {
  /** number of the run's first cycle */
  first: number;
  /** when that cycle began, Unix ms */
  startMs: number;
}

export class CycleBuffer {
  readonly #capacity: number;
  #runs: Run[];
  /** number of the next cycle to come: all below it are done */
  #next = 0;

  /** @param capacity cycles held; the oldest fall out */
  constructor(startMs: number, capacity: number) {
    this.#capacity = capacity;
    this.#runs = [{ first: 0, startMs }];
  }

  /** Number of the oldest cycle held. */
  get oldest(): number {
    return Math.max(0, this.#next - this.#capacity);
  }

  /** Number after the newest cycle held. */
  get end(): number {
    return this.#next;
  }

  /** Read-out time of cycle `index`, Unix ms; also for cycles to come. */
  timestamp(index: number): number {
    let run = this.#runs[0] ?? { first: 0, startMs: 0 };
    for (const other of this.#runs) if (other.first <= index) run = other;
    return Math.floor(run.startMs + (index + 1 - run.first) * CYCLE_MS);
  }

  /**
   * Takes in every cycle whose timestamp is not after `nowMs`.
   * @param limit no cycle from this number on (a source that plays once)
   */
  advance(nowMs: number, limit = Number.POSITIVE_INFINITY): void {
    const run = this.#runs[this.#runs.length - 1];
    if (run === undefined) return;
    let next = Math.max(this.#next, run.first + Math.floor((nowMs - run.startMs) / CYCLE_MS) - 1);
    while (this.timestamp(next) <= nowMs) next += 1;
    this.#next = Math.max(this.#next, Math.min(next, limit));
    // runs that no held cycle needs are forgotten, so their number is bounded by the capacity
    while (this.#runs.length > 1 && (this.#runs[1]?.first ?? 0) <= this.oldest) this.#runs.shift();
  }

  /** Ends the run: the next cycle begins at `nowMs`, and nothing was recorded in between. */
  gap(nowMs: number): void {
    const run = this.#runs[this.#runs.length - 1];
    if (run !== undefined && run.first === this.#next) run.startMs = nowMs;
    else this.#runs.push({ first: this.#next, startMs: nowMs });
  }

  /** Number of the first held cycle whose timestamp is at or after `timeMs`; `end` when there is none. */
  firstAtOrAfter(timeMs: number): number {
    let low = this.oldest;
    let high = this.#next;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.timestamp(middle) < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
