/** Time as the daemons see it, so that tests can move it. */
import type { Running } from './lifecycle.js';

export interface Clock {
  /** Unix ms UTC: may jump when the machine's clock is set */
  now(): number;
  /** ms of a clock that never jumps: for ages and pauses */
  monotonic(): number;
  /** Calls `fn` after `ms` milliseconds. Returns how to prevent that. */
  after(ms: number, fn: () => void): () => void;
}

/** Node's longest timer; a longer one would fire immediately, so a longer time takes several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, fn) => {
    let timer: NodeJS.Timeout;
    const arm = (left: number): void => {
      timer =
        left > LONGEST_TIMER_MS
          ? setTimeout(() => arm(left - LONGEST_TIMER_MS), LONGEST_TIMER_MS)
          : setTimeout(fn, Math.max(0, left));
    };
    arm(ms);
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

/** `work`, if it is done within so many ms. @throws what `work` throws in that time; what `late` returns after it */
export async function deadline<T>(work: Promise<T>, ms: number, clock: Clock, late: () => Error): Promise<T> {
  const done = new AbortController();
  const over = pause(clock, ms, done.signal).then(() => {
    if (!done.signal.aborted) throw late();
    return work;
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    done.abort();
  }
}

/**
 * Does `work` again and again, each time `everyMs` after the last one was over. A stop waits for the one under way.
 * @param work never rejects
 */
export function repeat(work: () => Promise<void>, everyMs: number, clock: Clock): Running {
  let isStopped = false;
  let cancel = (): void => undefined;
  let underWay: Promise<void> = Promise.resolve();
  const plan = (): void => {
    if (isStopped) return;
    cancel = clock.after(everyMs, () => {
      underWay = work().then(plan);
    });
  };
  plan();
  return {
    stop: () => {
      isStopped = true;
      cancel();
      return underWay;
    },
  };
}

/** Asks every `everyMs` until the reply is final or `ms` are over. @returns the last reply */
export async function poll<T>(
  ask: () => Promise<T>,
  isFinal: (reply: T) => boolean,
  { clock, everyMs, ms }: { clock: Clock; everyMs: number; ms: number },
): Promise<T> {
  const until = clock.monotonic() + ms;
  for (;;) {
    const reply = await ask();
    if (isFinal(reply) || clock.monotonic() >= until) return reply;
    await pause(clock, everyMs);
  }
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
