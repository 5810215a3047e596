/** A store that does not answer is waited for: what was accepted is written when it is back. */
import { messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { type Clock, pause } from '../clock.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

export interface Patience {
  clock: Clock;
  log: Logger;
  /** aborted when the daemon stops: then the last error is thrown */
  stopping: AbortSignal;
}

/**
 * Does `work` until it succeeds, with growing pauses.
 * @param what for the log: logged at the first failure and when it is over
 * @throws the last error, once `stopping` is aborted
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
      if (failures === 1)
        log.error({ what, error: messageOf(error) }, 'store does not take a write: waiting for it');
      if (stopping.aborted) throw error;
      await pause(clock, pauseMs, stopping);
    }
  }
}
