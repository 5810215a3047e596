/**
 * The time by which things expire: the time of day, but not immediately when that has gone forward further than time has passed. A clock set wrongly
 * (a typing error, a bad time server) would else have one sweep delete everything. What was set is believed when it has stood for an hour. Back is
 * believed immediately: that deletes less, never more. A process that starts while the clock is wrong cannot know.
 */
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';

/** More than a clock that is being slewed gains between two looks. */
const STEP_MS = 10_000;
/** Time for a person, or a time server, to set the clock right; what is kept so much longer meanwhile does no harm. */
export const HOLD_MS = 3_600_000;

export class ExpiryClock {
  readonly #log: Logger;
  readonly #clock: Clock;
  /** the time of day that was believed last, and when by the monotonic clock */
  #believed: { ms: number; atMs: number };
  /** how far the clock is ahead, and since when by the monotonic clock */
  #ahead: { byMs: number; sinceMs: number } | undefined;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#believed = { ms: clock.now(), atMs: clock.monotonic() };
  }

  /** Unix ms; to be asked about once a minute. */
  nowMs(): number {
    const atMs = this.#clock.monotonic();
    const ms = this.#clock.now();
    const expected = this.#believed.ms + (atMs - this.#believed.atMs);
    const byMs = ms - expected;
    if (byMs > STEP_MS) {
      if (this.#ahead === undefined || byMs > this.#ahead.byMs + STEP_MS) this.#hold(byMs, atMs);
      if (atMs - (this.#ahead?.sinceMs ?? atMs) < HOLD_MS) return expected;
    }
    if (this.#ahead !== undefined) {
      const message = byMs > STEP_MS ? 'the clock is believed: expiry goes by it' : 'the clock is back';
      this.#log.warn({ ahead_s: Math.round(byMs / 1000) }, message);
    }
    this.#ahead = undefined;
    this.#believed = { ms, atMs };
    return ms;
  }

  #hold(byMs: number, sinceMs: number): void {
    this.#ahead = { byMs, sinceMs };
    this.#log.warn(
      { ahead_s: Math.round(byMs / 1000), hold_s: HOLD_MS / 1000 },
      'the clock was set forward: for now things expire as if it had not been',
    );
  }
}
