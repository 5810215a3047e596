/** Sweeps a store once a minute for as long as a daemon runs: what has expired goes. Several daemons may do so on one store. */
import { codeOf, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Store } from './store.js';

const MINUTE_MS = 60_000;

/**
 * @param everyMs time between the end of one sweep and the start of the next
 * @param now Unix ms
 */
export function startSweeper(
  store: Pick<Store, 'sweep'>,
  log: Logger,
  everyMs = MINUTE_MS,
  now: () => number = Date.now,
): Running {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> = Promise.resolve();

  const sweepOnce = async (): Promise<void> => {
    try {
      const swept = await store.sweep(now());
      if (Object.values(swept).some((count) => count > 0)) log.debug({ swept }, 'expired documents deleted');
    } catch (error) {
      // While the database is away nothing needs to be deleted, and others say so.
      if (!stopped && codeOf(error) !== 'STORE_UNAVAILABLE')
        log.warn({ code: codeOf(error), detail: messageOf(error) }, 'the store could not be swept');
    }
  };
  const plan = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      sweeping = sweepOnce().then(plan);
    }, everyMs);
    timer.unref();
  };
  plan();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await sweeping;
    },
  };
}
