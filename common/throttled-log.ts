/** When a line that could come again and again may be logged: the first time, then once per interval. */

const MINUTE_MS = 60_000;

export class LogThrottle {
  readonly #everyMs: number;
  readonly #now: () => number;
  #lastLoggedAt = Number.NEGATIVE_INFINITY;

  /** @param now ms of a clock that only goes forward */
  constructor(everyMs = MINUTE_MS, now = () => performance.now()) {
    this.#everyMs = everyMs;
    this.#now = now;
  }

  /** Whether to log now. */
  due(): boolean {
    const now = this.#now();
    if (now - this.#lastLoggedAt < this.#everyMs) return false;
    this.#lastLoggedAt = now;
    return true;
  }
}
