/** What a spool does beside its work, now and then: drop what is too old, look for what is left to deliver, remember what a start without the database needs. */
import { repeat, systemClock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { ExpiryClock } from '../expiry-clock.js';
import type { Execution } from '../sqlite/execution.js';
import type { BoxReader } from '../store.js';
import type { Drain } from './drain.js';
import type { SpoolEngine } from './engine.js';
import type { SpoolEventIds } from './event-ids.js';
import type { Link } from './link.js';
import type { SpoolCounts } from './stats.js';

const EVERY_MS = 15_000;
/** Documents are read once in so many rounds. */
const REMEMBER_ROUNDS = 4;

export interface House {
  store: BoxReader;
  disk: Execution<SpoolEngine>;
  counts: SpoolCounts;
  link: Link;
  drain: Drain;
  /** undefined: this daemon gives no event ids */
  ids: SpoolEventIds | undefined;
  expiry: ExpiryClock;
  log: Logger;
}

export function startHousekeeping(house: House): Running {
  let round = 0;
  const keep = async (): Promise<void> => {
    const { counts, disk, drain, expiry, ids, link, store } = house;
    await dropExpired(disk, counts, expiry.nowMs());
    drain.wake();
    if (ids !== undefined) await link.call((primary) => ids.refresh(primary), EVERY_MS);
    round += 1;
    if (round % REMEMBER_ROUNDS === 0) await remember(store);
  };
  const keepOrWarn = (): Promise<void> =>
    keep().catch((error: unknown) => house.log.warn({ err: error }, 'spool housekeeping failed'));
  return repeat(keepOrWarn, EVERY_MS, systemClock);
}

/** Reading is remembering: the spool keeps what it was given last. */
export async function remember(store: BoxReader): Promise<void> {
  await Promise.allSettled([store.boxes(), store.makaiConfig()]);
}

export async function dropExpired(
  disk: Execution<SpoolEngine>,
  counts: SpoolCounts,
  nowMs: number,
): Promise<void> {
  const { dropped, totals } = await disk.call('dropExpired', nowMs);
  counts.drop(dropped, totals);
}
