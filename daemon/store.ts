/** The store of a daemon, as its configuration says: MongoDB behind a spool on disk, SQLite as it is. */

import { join } from 'node:path';
import type { MakaiError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { shownUrl } from '../common/store-url.js';
import type { AcquisitionBrokerSettings, TriggeringServiceSettings } from '../config/index.js';
import { isMongoUrl } from '../store/mongo/connection/url.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';

/** Deadline of the first attempt to reach MongoDB; the spool keeps trying. */
const LOOK_MS = 2_000;

/**
 * @param daemon names the spool's file: one process a file
 * @throws MakaiError as openStore; a MongoDB that is unavailable is not an error
 */
export async function openDaemonStore(
  settings: AcquisitionBrokerSettings | TriggeringServiceSettings,
  log: Logger,
  daemon: 'acquisition-broker' | 'triggering-service',
): Promise<Store> {
  const { lahaConfigSeconds, retention, spool, storeUrl: url } = settings;
  const options = { retention, log, cacheSeconds: lahaConfigSeconds };
  if (!isMongoUrl(url)) {
    const store = await openStore(url, { ...options, ended });
    log.info({ store: shownUrl(url) }, 'store open');
    return store;
  }
  const [{ openMongoStore }, { withSpool }] = await Promise.all([
    import('../store/mongo/index.js'),
    import('../store/spool/index.js'),
  ]);
  const trends = 'trendWindowMs' in settings ? { trendWindowMs: settings.trendWindowMs } : {};
  return withSpool({
    open: () => openMongoStore(url, options, LOOK_MS),
    file: join(spool.path, `${daemon}.db`),
    maxBytes: spool.maxBytes,
    maxAgeSeconds: spool.maxAgeSeconds,
    eventIds: daemon === 'acquisition-broker',
    log,
    ended,
    ...trends,
  });
}

/** A daemon cannot work without its store: thrown uncaught, the error is logged and ends the process (run.ts), and its supervisor restarts it. */
function ended(error: MakaiError): never {
  throw error;
}

/** The same store for a program that only reads it: nothing is made in it, and no spool is touched. @throws MakaiError as openStore */
export function openStoreToRead({
  retention,
  storeUrl,
}: AcquisitionBrokerSettings | TriggeringServiceSettings): Promise<Store> {
  return openStore(storeUrl, {
    retention,
    thread: 'inline',
    mustExist: true,
  });
}
