/** The store of a daemon, as its configuration says: MongoDB behind a spool on disk, SQLite as it is. */

import { join } from 'node:path';
import type { MakaiError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { shownUrl } from '../common/store-url.js';
import {
  type AcquisitionBrokerConfig,
  retentionOf,
  storeUrl,
  type TriggeringServiceConfig,
} from '../config/index.js';
import { isMongoUrl } from '../store/mongo/url.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';

/** How long one look for MongoDB takes; the spool goes on looking. */
const LOOK_MS = 2_000;

/**
 * @param daemon names the spool's file: one process a file
 * @throws MakaiError as openStore; a MongoDB that is away is no failure
 */
export async function openDaemonStore(
  config: AcquisitionBrokerConfig | TriggeringServiceConfig,
  log: Logger,
  daemon: 'acquisition-broker' | 'triggering-service',
): Promise<Store> {
  const url = storeUrl(config);
  const options = { retention: retentionOf(config), log, cacheSeconds: config.ttl_cache_ttl };
  if (!isMongoUrl(url)) {
    const store = await openStore(url, { ...options, ended });
    log.info({ store: shownUrl(url) }, 'store open');
    return store;
  }
  const [{ openMongoStore }, { withSpool }] = await Promise.all([
    import('../store/mongo/index.js'),
    import('../store/spool/index.js'),
  ]);
  const { spool } = config;
  const trends =
    'mongo_trends_update_interval_seconds' in config
      ? { trendWindowMs: config.mongo_trends_update_interval_seconds * 1000 }
      : {};
  return withSpool({
    open: () => openMongoStore(url, options, LOOK_MS),
    file: join(spool.path, `${daemon}.db`),
    maxBytes: spool.max_bytes,
    maxAgeSeconds: spool.max_age_seconds,
    eventNumbers: daemon === 'acquisition-broker',
    log,
    ended,
    ...trends,
  });
}

/** A daemon without its store is of no use: thrown where nobody catches it, this is logged and ends the process (run-daemon.ts), and its supervisor starts it anew. */
function ended(error: MakaiError): never {
  throw error;
}

/** The same store for a program that only reads it: nothing is made in it, and no spool is touched. @throws MakaiError as openStore */
export function openStoreToRead(config: AcquisitionBrokerConfig | TriggeringServiceConfig): Promise<Store> {
  return openStore(storeUrl(config), {
    retention: retentionOf(config),
    thread: 'inline',
    mustExist: true,
  });
}
