/** From a store URL to a store. The drivers are loaded only when their scheme is asked for. */
import { silentLogger } from '../common/log.js';
import type { MongoStoreOptions } from './mongo/index.js';
import type { SqliteOptions } from './sqlite/index.js';
import type { Store } from './store.js';
import { schemeOf, sqliteFile, unknownUrl } from './url.js';

/** Options of every kind of store; each takes what concerns it. */
export type OpenOptions = SqliteOptions & Partial<MongoStoreOptions>;

/**
 * Opens a store, making what is missing in it.
 * @param url `sqlite:<file>` (relative or absolute path), `sqlite::memory:` (lives until closed), `mongodb://…` or `mongodb+srv://…`
 * @throws MakaiError STORE_URL_INVALID, STORE_UNAVAILABLE; SQLite: STORE_NOT_RECOGNIZED, STORE_SCHEMA_TOO_NEW; MongoDB: STORE_ACCESS_DENIED
 */
export async function openStore(url: string, options: OpenOptions): Promise<Store> {
  const scheme = schemeOf(url);
  if (scheme === undefined) throw unknownUrl(url);
  if (scheme === 'sqlite') {
    const { openSqliteStore } = await import('./sqlite/index.js');
    return openSqliteStore(sqliteFile(url), options);
  }
  const { openMongoStore } = await import('./mongo/index.js');
  return openMongoStore(url, { ...options, log: options.log ?? silentLogger() });
}
