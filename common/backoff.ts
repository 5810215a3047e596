/** Trying again with growing pauses. */
import { type Clock, pause } from './clock.js';
import { codeOf } from './errors.js';
import type { Logger } from './log.js';

export interface BackOffOptions {
  firstMs: number;
  maxMs: number;
}

/** Pauses that double from the first to the longest. */
export class BackOff {
  readonly #options: BackOffOptions;
  #nextMs: number;

  constructor(options: BackOffOptions) {
    this.#options = options;
    this.#nextMs = options.firstMs;
  }

  /** The pause before the next try, ms. */
  next(): number {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(2 * ms, this.#options.maxMs);
    return ms;
  }

  /** A try succeeded. */
  reset(): void {
    this.#nextMs = this.#options.firstMs;
  }
}

export interface RetryOptions extends BackOffOptions {
  /** for the log: at the first failure, and when it is over */
  what: string;
  clock: Clock;
  log: Logger;
  /** aborted: the work is tried once more, then the last error is thrown */
  signal: AbortSignal;
  /** whether to try again after so many failures */
  helps(error: unknown, failures: number): boolean;
}

/**
 * Does `work` until it succeeds.
 * @throws the last error, once `signal` is aborted, or when trying again does not help
 */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, helps, log, signal, what } = options;
  const backOff = new BackOff(options);
  for (let failures = 0; ; ) {
    try {
      const result = await work();
      if (failures > 0) log.info({ what, failures }, 'succeeded after a retry');
      return result;
    } catch (err) {
      failures += 1;
      const fields = { what, code: codeOf(err), err };
      if (!helps(err, failures)) {
        log.error(fields, 'failed, not tried again');
        throw err;
      }
      if (failures === 1) log.error(fields, 'failed, trying again');
      if (signal.aborted) throw err;
      await pause(clock, backOff.next(), signal);
    }
  }
}
