/** How much of each expensive thing is done at the same time; what is beyond waits its turn, and what is beyond that is refused. */
import { MakaiError } from './errors.js';

export class Limit {
  readonly #what: string;
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  refused = 0;

  constructor(what: string, most: number, mostWaiting: number) {
    this.#what = what;
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** @returns what to call when it is done. @throws MakaiError TOO_MANY_REQUESTS */
  async enter(): Promise<() => void> {
    if (this.#running >= this.#most) {
      if (this.#waiting.length >= this.#mostWaiting) {
        this.refused += 1;
        throw new MakaiError(
          'TOO_MANY_REQUESTS',
          `${this.#running} ${this.#what} are made at the same time, and ${this.#waiting.length} wait`,
        );
      }
      await new Promise<void>((turn) => this.#waiting.push(turn));
    } else this.#running += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    };
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const leave = await this.enter();
    try {
      return await work();
    } finally {
      leave();
    }
  }
}
