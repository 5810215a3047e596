/** A box's clock: injected, so that tests are deterministic and recordings can run faster than real time. */
import { systemClock as machineClock } from '../common/clock.js';

export interface Clock {
  /** Unix milliseconds */
  now(): number;
  /** Calls back once, at or soon after `timeMs`. The returned function cancels. */
  at(timeMs: number, callback: () => void): () => void;
  /** simulated milliseconds per real millisecond; Infinity for a manual clock */
  readonly speed: number;
}

/** A timer is early by no more than this, ms. */
const EARLY_MS = 2;

/**
 * The machine's clock, or one that starts at `startMs` and runs `speed` times as fast.
 * @param speed 1: real time
 */
export function systemClock(speed = 1, startMs?: number): Clock {
  const realStart = Date.now();
  const offset = startMs ?? realStart;
  const now = (): number =>
    speed === 1 && startMs === undefined ? Date.now() : offset + (Date.now() - realStart) * speed;
  return {
    speed,
    now,
    at: (timeMs, callback) => {
      let cancel = (): void => undefined;
      const arm = (): void => {
        cancel = machineClock.after(Math.ceil((timeMs - now()) / speed), () => {
          // a timer counts on another clock than now(): it can be a little early. A clock that was set back is not waited for
          const early = (timeMs - now()) / speed;
          if (early > 0 && early <= EARLY_MS) arm();
          else callback();
        });
      };
      arm();
      return () => cancel();
    },
  };
}

/** A manual clock: it stands still until `advance` moves it. Callbacks then run in order, and each one sees its own time. */
export class ManualClock implements Clock {
  readonly speed = Number.POSITIVE_INFINITY;
  #now: number;
  #waiting: { timeMs: number; callback: () => void }[] = [];

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  at(timeMs: number, callback: () => void): () => void {
    const entry = { timeMs, callback };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  }

  /** Moves the clock forward by `ms`. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      let next: { timeMs: number; callback: () => void } | undefined;
      for (const entry of this.#waiting) {
        if (entry.timeMs <= end && (next === undefined || entry.timeMs < next.timeMs)) next = entry;
      }
      if (next === undefined) break;
      const due = next;
      this.#waiting = this.#waiting.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.timeMs);
      due.callback();
    }
    this.#now = end;
  }
}
