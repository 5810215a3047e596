/** From a MongoDB URL to a connected client: the URL's own options win over ours, its database over `opq`. */
import { type Db, MongoClient, type MongoClientOptions, MongoNetworkError } from 'mongodb';
import { deadline, systemClock } from '../../../common/clock.js';
import { MakaiError } from '../../../common/errors.js';
import type { Logger } from '../../../common/log.js';
import { shownUrl } from '../../../common/store-url.js';
import { storeError } from './errors.js';
import { watchMonitor } from './monitor-watch.js';
import { DEFAULT_DATABASE, databaseOf } from './url.js';
import { shownMessage, URL_HINT } from './url-check.js';

/** How long a write waits for a majority before it counts as not acknowledged, ms. */
const MAJORITY_TIMEOUT_MS = 10_000;

/** Acknowledged by a majority and journaled: what "durable" means in MongoDB (on a stand-alone server: journaled). */
export const DURABLE = { w: 'majority', journal: true, wtimeoutMS: MAJORITY_TIMEOUT_MS } as const;

export interface Connection {
  db: Db;
  close(): Promise<void>;
}

/**
 * Connects and waits until the server replies.
 * @param timeoutMs how long to look for a usable server, unless the URL says otherwise
 * @param log hears of a connection that had to be made again
 * @throws MakaiError STORE_UNAVAILABLE, STORE_ACCESS_DENIED, or CONFIG_INVALID for a URL that cannot be read
 */
export async function connect(url: string, timeoutMs = 5_000, log?: Logger): Promise<Connection> {
  const options: MongoClientOptions = {
    appName: 'opq-makai',
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    // A server that hangs (a stopped process, a dead link without a reset) must not hold a write for ever.
    socketTimeoutMS: 30_000,
    maxPoolSize: 20,
    writeConcern: DURABLE,
    readConcern: { level: 'local' },
  };
  let client: MongoClient;
  try {
    client = new MongoClient(url, withoutGiven(url, options));
  } catch (error) {
    throw new MakaiError(
      'CONFIG_INVALID',
      `the MongoDB URL ${shownUrl(url)} cannot be read: ${shownMessage(error)}`,
      {
        hint: URL_HINT,
      },
    );
  }
  try {
    await connected(client);
    const db = client.db(databaseOf(url) ?? DEFAULT_DATABASE);
    await db.command({ ping: 1 });
    const endWatch = watchMonitor(client, log);
    const close = (): Promise<void> => {
      endWatch();
      return client.close();
    };
    return { db, close };
  } catch (error) {
    await client.close().catch(() => undefined);
    throw storeError(error, `reach ${shownUrl(url)}`);
  }
}

/** Connects. The name of mongodb+srv:// is looked up first, which the driver does not bound: a name server that is silent would hold a start up for a minute. */
async function connected(client: MongoClient): Promise<void> {
  const deadlineMs = 2 * client.options.serverSelectionTimeoutMS;
  const late = (): Error => new MongoNetworkError(`no reply within ${deadlineMs} ms`);
  await deadline(client.connect(), deadlineMs, systemClock, late);
}

/** Ours less what the URL itself sets: the driver lets the options object win, an administrator's URL should. */
function withoutGiven(url: string, options: MongoClientOptions): MongoClientOptions {
  const query = url.split('?')[1] ?? '';
  const given = new Set([...new URLSearchParams(query).keys()].map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(options).filter(([key]) => !given.has(key.toLowerCase())));
}
