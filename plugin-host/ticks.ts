/**
 * When a plugin gets its tick: about once a second. Not in the first seconds after the process stood still (a paused virtual machine, one that does too much
 * else) or the clock was set forward: what came meanwhile is processed first, or every box would look silent.
 */
export const TICK_MS = 1000;
/** Beyond what a call of the plugin may take; with 2 s for it, 5 s. */
const STOOD_STILL_MS = 3000;
/** For boxes, brokers and this process to go on. */
const CATCH_UP_MS = 5000;

export class Ticks {
  readonly #longestMs: number;
  #lastMs: number;
  /** none before */
  #fromMs = Number.NEGATIVE_INFINITY;
  /** since it last stood still: where it does so again and again, a tick comes in between */
  #hasTicked = true;

  /** @param callMs what a call of the plugin may take: it lets no timer through meanwhile */
  constructor(nowMs: number, callMs: number) {
    this.#lastMs = nowMs;
    this.#longestMs = callMs + STOOD_STILL_MS;
  }

  /** Whether the plugin gets one now; to be asked every `TICK_MS`. */
  isDue(nowMs: number): boolean {
    const passedMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (passedMs < 0) this.#fromMs = Number.NEGATIVE_INFINITY;
    if (passedMs > this.#longestMs && this.#hasTicked) {
      this.#fromMs = nowMs + CATCH_UP_MS;
      this.#hasTicked = false;
    }
    if (nowMs < this.#fromMs) return false;
    this.#hasTicked = true;
    return true;
  }
}
