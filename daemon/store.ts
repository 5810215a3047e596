/** The store of a daemon, as its configuration says: MongoDB behind a spool on disk, SQLite as it is. */

import { join } from 'node:path';
import type { MakaiError } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { shownUrl } from '../common/store-url.js';
import type {
  AcquisitionBrokerSettings,
  AnalysisServiceSettings,
  GatewaySettings,
  TriggeringServiceSettings,
  WebServiceSettings,
} from '../config/index.js';
import { isMongoUrl } from '../store/mongo/connection/url.js';
import { openStore } from '../store/open.js';
import { inspectSqlite } from '../store/sqlite/inspect.js';
import { schemaCopyOf } from '../store/sqlite/schema-copy.js';
import type { Store } from '../store/store.js';
import { schemeOf, sqliteFile } from '../store/url.js';
import { lockPath } from './lock.js';

/** A follower reads what is new, once: with 16 MB for each of its threads it would take more memory and no less time. */
const FOLLOWER_CACHE_KB = 2048;

/** Deadline of the first attempt to reach MongoDB; the spool keeps trying. */
const LOOK_MS = 2_000;

/**
 * @param daemon names the spool's file: one process a file
 * @throws MakaiError as openStore, ALREADY_RUNNING; a MongoDB that is unavailable is not an error
 */
export async function openDaemonStore(
  settings: AcquisitionBrokerSettings | TriggeringServiceSettings,
  log: Logger,
  daemon: 'acquisition-broker' | 'triggering-service',
): Promise<Store> {
  const { lahaConfigSeconds, retention, spool, storeUrl: url } = settings;
  const options = { retention, log, cacheSeconds: lahaConfigSeconds };
  if (!isMongoUrl(url)) {
    announceUpgrade(url, log);
    const store = await behindLock(lockedFile(url), daemon, () =>
      openStore(url, { ...options, ended, upgrade: true }),
    );
    log.info({ store: shownUrl(url) }, 'store open');
    return store;
  }
  const [{ newMendPosition, openMongoStore }, { withSpool }] = await Promise.all([
    import('../store/mongo/index.js'),
    import('../store/spool/index.js'),
  ]);
  const trends = 'trendWindowMs' in settings ? { trendWindowMs: settings.trendWindowMs } : {};
  const file = join(spool.path, `${daemon}.db`);
  const mend = newMendPosition();
  return behindLock(file, daemon, () =>
    withSpool({
      open: () => openMongoStore(url, { ...options, mend }, LOOK_MS),
      file,
      maxBytes: spool.maxBytes,
      maxAgeSeconds: spool.maxAgeSeconds,
      eventIds: daemon === 'acquisition-broker',
      log,
      ended,
      ...trends,
    }),
  );
}

/** The file of a SQLite store; undefined: in memory, or no SQLite. */
function lockedFile(url: string): string | undefined {
  const file = schemeOf(url) === 'sqlite' ? sqliteFile(url) : ':memory:';
  return file === ':memory:' ? undefined : file;
}

/** Before the file is opened: an upgrade, and the copy before it, may take minutes. */
function announceUpgrade(url: string, log: Logger): void {
  const file = lockedFile(url);
  if (file === undefined) return;
  try {
    const { newest, version } = inspectSqlite(file);
    if (version > 0 && version < newest)
      log.info(
        { file, from: version, to: newest, copy: schemaCopyOf(file, version) },
        'the schema of the store is upgraded; a copy of the file is kept',
      );
  } catch (error) {
    log.debug({ err: error }, 'the store could not be looked at before it is opened');
  }
}

/** Opens a store whose file no other process of the same role has. @param file undefined: none, as in memory */
async function behindLock(
  file: string | undefined,
  role: string,
  open: () => Promise<Store>,
): Promise<Store> {
  const lock = file === undefined ? undefined : lockPath(file, role);
  try {
    const store = await open();
    const close = store.close.bind(store);
    store.close = async () => {
      await close();
      lock?.release();
    };
    return store;
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/**
 * The store of a follower: what it writes follows from what is stored, so nothing of it has to wait on disk while the database is unavailable.
 * @throws MakaiError as openStore, ALREADY_RUNNING for a SQLite file that another one follows
 */
export function openFollowerStore(
  { lahaConfigSeconds, retention, storeUrl }: AnalysisServiceSettings,
  log: Logger,
): Promise<Store> {
  announceUpgrade(storeUrl, log);
  return behindLock(lockedFile(storeUrl), 'analysis-service', () =>
    openStore(storeUrl, {
      ...{ retention, log, cacheSeconds: lahaConfigSeconds, ended, upgrade: true },
      cacheKb: FOLLOWER_CACHE_KB,
    }),
  );
}

/** The store of the web service and the gateway: they read, and write what people change. Several may use one file. @throws MakaiError as openStore */
export function openWebStore(
  { lahaConfigSeconds, retention, storeUrl }: WebServiceSettings | GatewaySettings,
  log: Logger,
): Promise<Store> {
  announceUpgrade(storeUrl, log);
  return openStore(storeUrl, {
    ...{ retention, log, ended },
    ...{ cacheSeconds: lahaConfigSeconds, upgrade: true, readsApart: true },
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
