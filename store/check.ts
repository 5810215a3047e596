/** Looking a store over without changing it: `makai store check`. */
import type { StoreFinding } from './finding.js';
import type { OpenOptions } from './open.js';
import { schemeOf, sqliteFile, unknownUrl } from './url.js';

/**
 * What is to be said of a store.
 * @throws MakaiError where it cannot be opened at all
 */
export async function checkStore(url: string, options: OpenOptions): Promise<StoreFinding[]> {
  const scheme = schemeOf(url);
  if (scheme === 'sqlite') {
    const { checkSqliteStore } = await import('./sqlite/check.js');
    return checkSqliteStore(sqliteFile(url), options.now ?? Date.now);
  }
  if (scheme === 'mongodb' || scheme === 'mongodb+srv') {
    const { checkMongoStore } = await import('./mongo/check/check.js');
    return checkMongoStore(url, options.retention.mode);
  }
  throw unknownUrl(url);
}
