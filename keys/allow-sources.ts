/** Where a daemon's list of keys comes from, as its configuration says. */
import type { Logger } from '../common/log.js';
import type { AllowSource } from './allow-list.js';
import { DirectorySource } from './directory-source.js';
import { type ReadBoxKeys, StoreSource } from './store-source.js';

export interface AllowSourcesOptions {
  /** folder of public certificates */
  directory?: string | undefined;
  /** the keys of the store's boxes count */
  store?: boolean;
  /** the ids of the store's meters count, where there is a list at all: for who sees ids and no keys */
  meters?: boolean;
  /** reads them; needed where `store` or `meters` is set */
  boxKeys?: ReadBoxKeys | undefined;
  /** certificates without an id count too: for services, which are no boxes */
  withoutId?: boolean;
  log: Logger;
}

/** The folder, the store, both, or nothing. */
export function allowSources(options: AllowSourcesOptions): AllowSource[] {
  const { boxKeys, directory, log, meters = false, withoutId = false, store = false } = options;
  const sources: AllowSource[] = [];
  if (directory !== undefined) sources.push(new DirectorySource(directory, log, { withoutId }));
  if (boxKeys === undefined) return sources;
  if (store) sources.push(new StoreSource('store', boxKeys, log, undefined, { keys: true, meters }));
  else if (meters && sources.length > 0)
    sources.push(new StoreSource('meters in the store', boxKeys, log, undefined, { keys: false, meters }));
  return sources;
}
