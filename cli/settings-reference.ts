/** The nominal voltage and frequency in a daemon's settings, for commands that judge what a store holds; what the store itself says of a box wins over them. */
import { codeOf } from '../common/errors.js';
import { placeOf } from '../common/store-url.js';
import { loadAnyConfig, loadConfig } from '../config/load.js';
import { locateConfigFile } from '../config/locate.js';
import type { Reference } from '../store/reference.js';
import { storeUrlOf } from './chosen-store.js';
import type { StoreChoice } from './store-access.js';

/** Daemons whose settings have a reference. */
const KINDS_WITH_REFERENCE = ['analysis-service', 'triggering-service'] as const;

/**
 * As the file says that `--store config:` names; where that is of a daemon without a reference, or none is named, as the file of a daemon of the same store does.
 * @returns undefined: no file says it
 * @throws MakaiError CONFIG_UNREADABLE, CONFIG_INVALID for a named file
 */
export function settingsReference(choice: StoreChoice): Reference | undefined {
  if (choice.store?.startsWith('config:')) {
    const settings = loadAnyConfig(choice.store.slice('config:'.length));
    if ('reference' in settings) return settings.reference;
  }
  return referenceBeside(storeUrlOf(choice), choice.dir);
}

/**
 * As the file of a daemon of this store says it.
 * @param folder the working folder of `makai up`; undefined: this machine's default places
 */
export function referenceBeside(url: string, folder: string | undefined): Reference | undefined {
  const place = placeOf(url);
  for (const kind of KINDS_WITH_REFERENCE) {
    const file = locateConfigFile(kind, folder);
    if (file === undefined) continue;
    try {
      const { settings } = loadConfig(kind, file);
      if (placeOf(settings.storeUrl) === place) return settings.reference;
    } catch (error) {
      // A file that nobody named, of another service perhaps: it is as if it were not there.
      if (codeOf(error) === undefined) throw error;
    }
  }
  return undefined;
}
