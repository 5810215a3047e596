/** A store that does not answer is waited for: what was accepted is written when it is back. */

import { type Clock, pause } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
/** Errors that are no outage are a mistake somewhere; trying a few times more does no harm. */
const TRIES_OF_OTHERS = 5;

export interface Patience {
  clock: Clock;
  log: Logger;
  /** aborted when the daemon stops: then the last error is thrown */
  stopping: AbortSignal;
}

/**
 * Does `work` until it succeeds, with growing pauses: without end while the store is away.
 * @param what for the log: logged at the first failure and when it is over
 * @throws the last error, once `stopping` is aborted, or when trying again does not help
 */
export async function untilDone<T>(work: () => Promise<T>, what: string, patience: Patience): Promise<T> {
  const { clock, log, stopping } = patience;
  for (let pauseMs = FIRST_PAUSE_MS, failures = 0; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      const result = await work();
      if (failures > 0) log.info({ what, failures }, 'store takes writes again');
      return result;
    } catch (error) {
      failures += 1;
      const fields = { what, code: codeOf(error), error: messageOf(error) };
      if (!helpsToWait(error, failures)) {
        log.error(fields, 'store refuses a write');
        throw error;
      }
      if (failures === 1) log.error(fields, 'store does not take a write: waiting for it');
      if (stopping.aborted) throw error;
      await pause(clock, pauseMs, stopping);
    }
  }
}

function helpsToWait(error: unknown, failures: number): boolean {
  const code = codeOf(error);
  if (code === 'STORE_UNAVAILABLE') return true;
  return code !== 'STORE_REFUSED' && code !== 'EVENT_NUMBERS_USED_UP' && failures < TRIES_OF_OTHERS;
}
