/** A store that goes on when its database does not: writes wait on disk here until it is available again. */
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Clock, systemClock } from '../../common/clock.js';
import type { MakaiError } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { ExpiryClock } from '../expiry-clock.js';
import type { Primary } from '../primary.js';
import { executeOnThread } from '../sqlite/execution.js';
import { Drain } from './drain.js';
import type { SpoolEngine, SpoolLimits } from './engine.js';
import { SpoolEventIds } from './event-ids.js';
import { dropExpired, remember, startHousekeeping } from './housekeeping.js';
import { Link } from './link.js';
import { Retries } from './retries.js';
import { SpoolCounts } from './stats.js';
import { createSpoolStore, type SpoolStore } from './store.js';

export { EMERGENCY_FIRST } from './event-ids.js';
export type { SpoolStore } from './store.js';

export interface SpoolOptions {
  /** opens the database; called again until it succeeds. Rejects with STORE_UNAVAILABLE while it is unavailable. */
  open: () => Promise<Primary>;
  /** the spool's own file; its folder is made. One process a file. */
  file: string;
  /** rows on disk; the oldest are dropped past it, measurements first */
  maxBytes: number;
  maxAgeSeconds: number;
  log: Logger;
  /** length of a trend window, ms */
  trendWindowMs?: number;
  /** reserve event ids ahead: for the daemon that gives them */
  eventIds?: boolean;
  /** how long the database may take for a write or an event id, ms, in place of each policy's */
  deadlineMs?: number;
  clock?: Clock;
  /** called when the spool's thread has ended by itself (WORKER_EXITED): nothing is spooled from then on */
  ended?: (error: MakaiError) => void;
}

/**
 * Opens the spool, then looks for the database. That it is unavailable is no failure.
 * @throws MakaiError STORE_UNAVAILABLE when the spool file cannot be opened; what opening the database throws, other than STORE_UNAVAILABLE
 */
export async function withSpool(options: SpoolOptions): Promise<SpoolStore> {
  const { log } = options;
  const clock = options.clock ?? systemClock;
  const now = (): number => clock.now();
  const windowMs = options.trendWindowMs ?? 60_000;
  const file = resolve(options.file);
  await mkdir(dirname(file), { recursive: true, mode: 0o750 });
  const limits: SpoolLimits = { maxBytes: options.maxBytes, maxAgeMs: options.maxAgeSeconds * 1000 };
  const disk = await executeOnThread<SpoolEngine>(new URL('./worker.js', import.meta.url), file, {
    workerData: { limits },
    ended: options.ended,
  });
  try {
    const counts = new SpoolCounts(await disk.call('totals'), await disk.call('queuedLines'), log);
    const ids = await SpoolEventIds.open(disk, log);
    let started = false;
    const retries = new Retries(log, clock, () => drain.wake());
    const link = new Link(options.open, log, clock, {
      beforeUp: async (primary) => {
        if (options.eventIds === true) await ids.refresh(primary);
      },
      onUp: (wasUnavailable) => {
        if (wasUnavailable) retries.forgive();
        else retries.falseAlarm();
        drain.wake();
        if (started && wasUnavailable) void remember(store);
      },
    });
    const drain = new Drain({ disk, link, retries, windowMs, now, log, counts });
    const house: { stop?: () => void } = {};
    const stop = (): void => house.stop?.();
    const store = createSpoolStore({
      disk,
      link,
      drain,
      retries,
      counts,
      ids,
      deadlineMs: options.deadlineMs,
      windowMs,
      now,
      stop,
    });
    const expiry = new ExpiryClock(log, clock);
    await dropExpired(disk, counts, expiry.nowMs());
    await link.start();
    started = true;
    if (link.up) await remember(store);
    const given = options.eventIds === true ? ids : undefined;
    const keeping = startHousekeeping({ store, disk, counts, link, drain, ids: given, expiry, log });
    house.stop = () => void keeping.stop();
    return store;
  } catch (error) {
    await disk.close();
    throw error;
  }
}
