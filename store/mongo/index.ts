/** Opens a MongoDB store. */

import { shownUrl } from '../../common/store-url.js';
import { connect } from './connection/connect.js';
import { createMongoStore, type MongoStore, type MongoStoreOptions } from './store.js';

export { newMendPosition } from './maintenance/locations.js';
export type { MongoStore, MongoStoreOptions } from './store.js';

/**
 * Connects, makes missing indexes (unless `mustExist`), and gives the store.
 * @param url mongodb:// or mongodb+srv://, with user, TLS and replica set as its options say; its database wins over `opq`
 * @param timeoutMs how long to look for the server
 * @throws MakaiError STORE_UNAVAILABLE, STORE_ACCESS_DENIED, CONFIG_INVALID
 */
export async function openMongoStore(
  url: string,
  options: MongoStoreOptions,
  timeoutMs?: number,
): Promise<MongoStore> {
  const connection = await connect(url, timeoutMs, options.log);
  const store = createMongoStore(connection, options);
  try {
    await store.prepare();
  } catch (error) {
    await store.close().catch(() => undefined);
    throw error;
  }
  options.log.info({ store: shownUrl(url), database: connection.db.databaseName }, 'MongoDB store open');
  return store;
}
