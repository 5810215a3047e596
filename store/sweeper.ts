/** Sweeps a store once a minute for as long as a daemon runs: what has expired goes. Several daemons may do so on one store. */
import { type Clock, repeat, systemClock } from '../common/clock.js';
import { codeOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { ExpiryClock } from './expiry-clock.js';
import type { Maintenance } from './store.js';

const MINUTE_MS = 60_000;

export interface SweeperOptions {
  /** time between the end of one sweep and the start of the next */
  everyMs?: number;
  clock?: Clock;
}

/** Neither a clock that was just set forward nor one ahead of the database's own deletes anything. A stop ends a sweep between two slices. */
export function startSweeper(
  store: Pick<Maintenance, 'sweep' | 'serverTimeMs'>,
  log: Logger,
  { clock = systemClock, everyMs = MINUTE_MS }: SweeperOptions = {},
): Running {
  const stopping = new AbortController();
  const expiry = new ExpiryClock(log, clock);
  const sweepOnce = async (): Promise<void> => {
    try {
      const ours = expiry.nowMs();
      const theirs = (await store.serverTimeMs?.()) ?? ours;
      const swept = await store.sweep(Math.min(ours, theirs), stopping.signal);
      if (Object.values(swept).some((count) => count > 0)) log.debug({ swept }, 'expired documents deleted');
    } catch (error) {
      // While the database is unavailable nothing needs to be deleted, and others say so.
      if (!stopping.signal.aborted && codeOf(error) !== 'STORE_UNAVAILABLE')
        log.warn({ code: codeOf(error), err: error }, 'the store could not be swept');
    }
  };
  const sweeps = repeat(sweepOnce, everyMs, clock);
  return {
    stop: () => {
      stopping.abort();
      return sweeps.stop();
    },
  };
}
