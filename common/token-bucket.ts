/** A rate limit that allows bursts: `burst` at the same time, `perSecond` in the long run. */
import { type Clock, systemClock } from './clock.js';

export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #tokens: number;
  #at: number;

  constructor(burst: number, perSecond: number, clock: Pick<Clock, 'monotonic'> = systemClock) {
    this.#burst = burst;
    this.#perMs = perSecond / 1000;
    this.#clock = clock;
    this.#tokens = burst;
    this.#at = clock.monotonic();
  }

  /** Takes up to `wanted` tokens. @returns how many there were */
  take(wanted = 1): number {
    this.#fill();
    const taken = Math.min(wanted, Math.floor(this.#tokens));
    this.#tokens -= taken;
    return taken;
  }

  /** ms until there is a token */
  waitMs(): number {
    this.#fill();
    return Math.max(0, (1 - this.#tokens) / this.#perMs);
  }

  #fill(): void {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
