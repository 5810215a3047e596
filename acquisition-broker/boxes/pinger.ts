/**
 * PING: each 13 s while nothing else is asked of the Box 2s, so that none takes the line for dead (after 60 s without a message it renews
 * its socket). A Box 2 that has just connected is greeted with one, because only its answer tells its id.
 */

import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';

export const PING_EVERY_MS = 13_000;
/** A fleet that reconnects at once is greeted once. */
const GREET_AFTER_MS = 250;

export interface PingerOptions {
  clock: Clock;
  /** sends a PING with this number */
  ping(sequenceNumber: number): void;
  /** called after Box 2s that had just connected were greeted */
  greeted(): void;
}

export class Pinger implements Running {
  readonly #clock: Clock;
  readonly #ping: (sequenceNumber: number) => void;
  readonly #greeted: () => void;
  #count = 0;
  #stopped = false;
  #cancelPing = (): void => undefined;
  #cancelGreeting: (() => void) | undefined;

  constructor({ clock, ping, greeted }: PingerOptions) {
    this.#clock = clock;
    this.#ping = ping;
    this.#greeted = greeted;
    this.postpone();
  }

  /** A READ went out to all Box 2s: the next PING is due 13 s from now. */
  postpone(): void {
    this.#cancelPing();
    if (!this.#stopped) this.#cancelPing = this.#clock.after(PING_EVERY_MS, () => this.#send());
  }

  /** A Box 2 connected: it is asked for its id in a moment, together with others that come just now. */
  greet(): void {
    if (this.#stopped || this.#cancelGreeting !== undefined) return;
    this.#cancelGreeting = this.#clock.after(GREET_AFTER_MS, () => {
      this.#cancelGreeting = undefined;
      this.#send();
      this.#greeted();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelPing();
    this.#cancelGreeting?.();
  }

  #send(): void {
    this.#ping(this.#count);
    this.#count += 1;
    this.postpone();
  }
}
