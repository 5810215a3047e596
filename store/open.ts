/** From a store URL to a store. The drivers are loaded only when their scheme is asked for. */
import { MakaiError } from '../common/errors.js';
import { silentLogger } from '../common/log.js';
import type { MongoStoreOptions } from './mongo/index.js';
import type { SqliteOptions } from './sqlite/index.js';
import type { Store } from './store.js';

/** Options of every kind of store; each takes what concerns it. */
export type OpenOptions = SqliteOptions & Partial<MongoStoreOptions>;

/**
 * Opens a store, making what is missing in it.
 * @param url `sqlite:<file>` (relative or absolute path), `sqlite::memory:` (lives until closed), `mongodb://…` or `mongodb+srv://…`
 * @throws MakaiError STORE_URL_INVALID, STORE_UNAVAILABLE; SQLite: STORE_FOREIGN, STORE_NEWER; MongoDB: STORE_ACCESS_DENIED, STORE_INDEX_CONFLICT
 */
export async function openStore(url: string, options: OpenOptions): Promise<Store> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'sqlite') {
    const { openSqliteStore } = await import('./sqlite/index.js');
    return openSqliteStore(sqliteFile(url), options);
  }
  if (scheme === 'mongodb' || scheme === 'mongodb+srv') {
    const { openMongoStore } = await import('./mongo/index.js');
    return openMongoStore(url, { ...options, log: options.log ?? silentLogger() });
  }
  throw new MakaiError(
    'STORE_URL_INVALID',
    `no store is known for the URL ${JSON.stringify(hidePassword(url))}`,
    {
      hint: 'Write sqlite:<file>, for example sqlite:/var/lib/opq/makai.db, or mongodb://host:port/opq.',
    },
  );
}

/** The path in a `sqlite:` URL: `sqlite:file`, `sqlite:/file` and `sqlite:///file` are taken. */
function sqliteFile(url: string): string {
  const file = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
  if (file === '' || file.startsWith('//')) {
    throw new MakaiError('STORE_URL_INVALID', `the store URL ${JSON.stringify(url)} names no file`, {
      hint: 'Write sqlite:<file>, for example sqlite:/var/lib/opq/makai.db or sqlite:makai.db.',
    });
  }
  return file;
}

/** A URL without its password, fit for messages and logs. */
export function hidePassword(url: string): string {
  return url.replace(/^([a-z0-9+.-]+:\/\/[^:@/]*):[^@/]*@/i, '$1:…@');
}
