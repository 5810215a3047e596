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
  /** reads them; needed where `store` is set */
  boxKeys?: ReadBoxKeys | undefined;
  /** certificates without an id count too: for services, which are no boxes */
  withoutId?: boolean;
  log: Logger;
}

/** The folder, the store, both, or nothing. */
export function allowSources(options: AllowSourcesOptions): AllowSource[] {
  const { boxKeys, directory, log, withoutId = false, store = false } = options;
  const sources: AllowSource[] = [];
  if (directory !== undefined) sources.push(new DirectorySource(directory, log, { withoutId }));
  if (store && boxKeys !== undefined) sources.push(new StoreSource('store', boxKeys, log));
  return sources;
}
