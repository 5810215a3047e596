/** The store of a daemon, as its configuration says. */
import type { Logger } from '../common/log.js';
import {
  type AcquisitionBrokerConfig,
  retentionOf,
  shownUrl,
  storeUrl,
  type TriggeringServiceConfig,
} from '../config/index.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';

/** @throws MakaiError as openStore */
export async function openDaemonStore(
  config: AcquisitionBrokerConfig | TriggeringServiceConfig,
  log: Logger,
): Promise<Store> {
  const url = storeUrl(config);
  const store = await openStore(url, { retention: retentionOf(config), log });
  log.info({ store: shownUrl(url) }, 'store open');
  return store;
}
