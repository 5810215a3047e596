/** From a MongoDB URL to a connected client: the URL's own options stand above ours, its database above `opq`. */
import { type Db, MongoClient, type MongoClientOptions, MongoNetworkError } from 'mongodb';
import { MakaiError, messageOf } from '../../../common/errors.js';
import { shownUrl } from '../../../common/store-url.js';
import { storeError } from './errors.js';
import { DEFAULT_DATABASE, databaseOf } from './url.js';

/** How long a write waits for a majority before it counts as not acknowledged, ms. */
const MAJORITY_TIMEOUT_MS = 10_000;

/** Acknowledged by a majority and journaled: what "durable" means in MongoDB (on a stand-alone server: journaled). */
export const DURABLE = { w: 'majority', journal: true, wtimeoutMS: MAJORITY_TIMEOUT_MS } as const;

export interface Connection {
  client: MongoClient;
  db: Db;
}

/**
 * Connects and waits until the server replies.
 * @param timeoutMs how long to look for a usable server, unless the URL says otherwise
 * @throws MakaiError STORE_UNAVAILABLE, STORE_ACCESS_DENIED, or CONFIG_INVALID for a URL that cannot be read
 */
export async function connect(url: string, timeoutMs = 5_000): Promise<Connection> {
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
        hint: 'Write mongodb://[user:password@]host[:port][,host2...][/database][?options]; special characters in a user and a password are percent-encoded (@ as %40, / as %2F).',
      },
    );
  }
  try {
    await connected(client);
    const db = client.db(databaseOf(url) ?? DEFAULT_DATABASE);
    await db.command({ ping: 1 });
    return { client, db };
  } catch (error) {
    await client.close().catch(() => undefined);
    throw storeError(error, `reach ${shownUrl(url)}`);
  }
}

/** Connects. The name of mongodb+srv:// is looked up first, which the driver does not bound: a name server that is silent would hold a start up for a minute. */
async function connected(client: MongoClient): Promise<void> {
  const deadlineMs = 2 * client.options.serverSelectionTimeoutMS;
  const connecting = client.connect();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new MongoNetworkError(`no reply within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    await Promise.race([connecting, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the driver says, but for a message that repeats a part of the URL as the host: that may be a user and a password without their `@`. */
function shownMessage(error: unknown): string {
  const message = messageOf(error);
  return message.startsWith('Unable to parse ') ? 'its host or port is none' : message;
}

/** Ours less what the URL itself sets: the driver lets the options object win, an administrator's URL should. */
function withoutGiven(url: string, options: MongoClientOptions): MongoClientOptions {
  const query = url.split('?')[1] ?? '';
  const given = new Set([...new URLSearchParams(query).keys()].map((key) => key.toLowerCase()));
  return Object.fromEntries(Object.entries(options).filter(([key]) => !given.has(key.toLowerCase())));
}
