/**
 * Keeps the line to the boxes of one dialect alive: a message whenever they were sent nothing for a while, so that none takes the line for
 * dead. A box that has just connected without its id is greeted with one, because only its reply says which box it is.
 */
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { KeepAlive } from '../../proto/index.js';

export interface PingerOptions {
  clock: Clock;
  keepAlive: Pick<KeepAlive, 'everyMs' | 'greetAfterMs'>;
  /** clock.monotonic() of the last command to all boxes of the dialect, these messages included */
  lastCommandAt(): number;
  /** sends the message with this number */
  ping(count: number): void;
  /** called after boxes that had just connected were greeted */
  greeted(): void;
}

export class Pinger implements Running {
  readonly #options: PingerOptions;
  #count = 0;
  #stopped = false;
  #cancelPing = (): void => undefined;
  #cancelGreeting: (() => void) | undefined;

  constructor(options: PingerOptions) {
    this.#options = options;
    this.#schedule(options.keepAlive.everyMs);
  }

  /** A box connected: it is asked for its id in a moment, together with others that come just now. */
  greet(): void {
    if (this.#stopped || this.#cancelGreeting !== undefined) return;
    const { clock, greeted, keepAlive } = this.#options;
    this.#cancelGreeting = clock.after(keepAlive.greetAfterMs, () => {
      this.#cancelGreeting = undefined;
      this.#send();
      greeted();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelPing();
    this.#cancelGreeting?.();
  }

  #schedule(ms: number): void {
    const { clock, keepAlive, lastCommandAt } = this.#options;
    this.#cancelPing();
    this.#cancelPing = clock.after(ms, () => {
      const dueMs = keepAlive.everyMs - (clock.monotonic() - lastCommandAt());
      if (dueMs > 0) this.#schedule(dueMs);
      else this.#send();
    });
  }

  #send(): void {
    this.#options.ping(this.#count);
    this.#count += 1;
    this.#schedule(this.#options.keepAlive.everyMs);
  }
}
