/** So many lines of one kind a minute: who makes up names as fast as he can fills no log. What was left out is counted. */

const MINUTE_MS = 60_000;

export class LogQuota {
  readonly #perMinute: number;
  readonly #told: (leftOut: number) => void;
  readonly #now: () => number;
  #minute = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #leftOut = 0;

  /**
   * @param told called with the number of lines that were left out, before the first line of the next minute
   * @param now a clock that only goes forward, ms
   */
  constructor(perMinute: number, told: (leftOut: number) => void, now = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#told = told;
    this.#now = now;
  }

  /** Whether one more line may be written now; if not, it counts as left out. */
  take(): boolean {
    const now = this.#now();
    if (now - this.#minute > MINUTE_MS) {
      if (this.#leftOut > 0) this.#told(this.#leftOut);
      this.#minute = now;
      this.#lines = 0;
      this.#leftOut = 0;
    }
    if (this.#lines >= this.#perMinute) {
      this.#leftOut += 1;
      return false;
    }
    this.#lines += 1;
    return true;
  }
}
