/** Time as the daemons see it, so that tests can move it. */

export interface Clock {
  /** Unix ms UTC: may jump when the machine's clock is set */
  now(): number;
  /** ms of a clock that never jumps: for ages and pauses */
  monotonic(): number;
  /** Calls `fn` after `ms` milliseconds. Returns how to prevent that. */
  after(ms: number, fn: () => void): () => void;
}

/** Node's longest timer; a longer one would fire immediately. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** A promise for a pause; `stop` ends it early. */
export function pause(clock: Clock, ms: number, stop?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop?.aborted === true) return resolve();
    const end = (): void => {
      cancel();
      stop?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    stop?.addEventListener('abort', end);
  });
}

/** Waits for `work`, but not longer than so many ms. @throws what `work` throws in that time */
export async function within(work: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([work, pause(clock, ms, done.signal)]);
  } finally {
    done.abort();
  }
}
