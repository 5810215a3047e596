/**
 * The buffer of a box: the latest `capacity` cycles, by number and timestamp. The samples stay in the source, which
 * always returns the same counts for the same number, so an hour takes no memory.
 *
 * A timestamp is the read-out time: the end of the cycle. Timestamps rise by 1/60 s (rounded down to milliseconds) from the start. After a
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
  /** number of the next cycle; all lower ones are complete */
  #next = 0;

  /** @param capacity cycles in the buffer; the oldest ones are dropped */
  constructor(startMs: number, capacity: number) {
    this.#capacity = capacity;
    this.#runs = [{ first: 0, startMs }];
  }

  /** Number of the oldest cycle in the buffer. */
  get oldest(): number {
    return Math.max(0, this.#next - this.#capacity);
  }

  /** Number after the newest cycle in the buffer. */
  get end(): number {
    return this.#next;
  }

  /** Read-out time of cycle `index`, Unix ms; also for future cycles. */
  timestampOf(index: number): number {
    let run = this.#runs[0] ?? { first: 0, startMs: 0 };
    for (const other of this.#runs) if (other.first <= index) run = other;
    return Math.floor(run.startMs + (index + 1 - run.first) * CYCLE_MS);
  }

  /**
   * Adds every cycle whose timestamp is not after `nowMs`.
   * @param limit no cycle from this number on (for a source that is played once)
   */
  advance(nowMs: number, limit = Number.POSITIVE_INFINITY): void {
    const run = this.#runs[this.#runs.length - 1];
    if (run === undefined) return;
    let next = Math.max(this.#next, run.first + Math.floor((nowMs - run.startMs) / CYCLE_MS) - 1);
    while (this.timestampOf(next) <= nowMs) next += 1;
    this.#next = Math.max(this.#next, Math.min(next, limit));
    // drop runs without cycles in the buffer, so that the number of runs is bounded by the capacity
    while (this.#runs.length > 1 && (this.#runs[1]?.first ?? 0) <= this.oldest) this.#runs.shift();
  }

  /** Ends the run. The next cycle begins at `nowMs`; nothing was recorded in between. */
  gap(nowMs: number): void {
    const run = this.#runs[this.#runs.length - 1];
    if (run !== undefined && run.first === this.#next) run.startMs = nowMs;
    else this.#runs.push({ first: this.#next, startMs: nowMs });
  }

  /** Number of the first cycle in the buffer whose timestamp is at or after `timeMs`; `end` if there is none. */
  firstAtOrAfter(timeMs: number): number {
    let low = this.oldest;
    let high = this.#next;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.timestampOf(middle) < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
