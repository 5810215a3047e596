/** The keys of the store's boxes for a broker's allow-list, where its configuration asks for them. */
import { allowListOf, storeUrl, type TriggeringBrokerConfig } from '../config/index.js';
import type { ReadBoxKeys } from '../keys/store-source.js';
import type { Store } from '../store/store.js';

/** Only boxes are read here; nothing is written that could expire. */
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;

/**
 * The store is opened when it is first asked, and asked again where that failed: a broker starts while the store is away.
 * @returns undefined where the allow-list does not come from the store
 */
export function openBoxKeys(
  config: TriggeringBrokerConfig,
): { read: ReadBoxKeys; close(): Promise<void> } | undefined {
  const allow = allowListOf(config);
  if (allow.any || !allow.store) return undefined;
  let opening: Promise<Store> | undefined;
  const open = async (): Promise<Store> => {
    const { openStore } = await import('../store/open.js');
    return openStore(storeUrl(config), { retention: RETENTION });
  };
  return {
    read: async () => {
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      const boxes = await (await opening).boxes();
      return boxes.map((box) => ({ boxId: box.box_id, publicKey: box.public_key }));
    },
    close: async () => (await opening?.catch(() => undefined))?.close(),
  };
}
