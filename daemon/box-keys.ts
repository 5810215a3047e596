/** The keys of the store's boxes for a broker's allow-list, where its configuration asks for them. */
import type { TriggeringBrokerSettings } from '../config/index.js';
import type { BoxKeys, ReadBoxKeys } from '../keys/store-source.js';
import { type KeyReader, storedBoxKeys } from '../store/box-keys.js';

type KeyStore = KeyReader & { close(): Promise<void> };

/** Only boxes are read here; nothing is written that could expire. */
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
/**
 * After this many failed reads in a row the store is reopened: the MongoDB driver's own monitoring of a server can stick to its last error and
 * never check again (store/spool/link.ts).
 */
const READS_PER_CLIENT = 3;

/**
 * @returns undefined where the allow-list does not come from the store
 */
export function openBoxKeys({
  allow,
  storeUrl,
}: TriggeringBrokerSettings): { read: ReadBoxKeys; close(): Promise<void> } | undefined {
  if (allow.any || !allow.store) return undefined;
  return new StoredKeys(async () => {
    const { openStore } = await import('../store/open.js');
    // Whoever only reads makes no store: it would take the place of one that is gone.
    return openStore(storeUrl, { retention: RETENTION, mustExist: true });
  });
}

/** The store is opened at the first read, and again where that failed or it no longer replies: a broker starts, and keeps running, while the store is unavailable. */
export class StoredKeys {
  readonly #open: () => Promise<KeyStore>;
  #store: Promise<KeyStore> | undefined;
  /** reads since the last one that succeeded */
  #failedReads = 0;
  /** stores that were given up and are not closed yet */
  readonly #closing = new Set<Promise<void>>();

  constructor(open: () => Promise<KeyStore>) {
    this.#open = open;
  }

  /** @throws what opening or reading throws */
  readonly read = async (): Promise<BoxKeys> => {
    if (this.#failedReads >= READS_PER_CLIENT) this.#giveUp();
    this.#failedReads += 1;
    const store = this.#store ?? this.#open();
    this.#store = store;
    try {
      const keys = await storedBoxKeys(await store);
      if (this.#store === store) this.#failedReads = 0;
      return keys;
    } catch (error) {
      // Nothing to close where it could not be opened.
      const isOpen = await store.then(
        () => true,
        () => false,
      );
      if (!isOpen && this.#store === store) this.#store = undefined;
      throw error;
    }
  };

  async close(): Promise<void> {
    this.#giveUp();
    await Promise.all(this.#closing);
  }

  /** Closes the store, which ends reads that hang; the next read opens another. */
  #giveUp(): void {
    const given = this.#store;
    this.#store = undefined;
    this.#failedReads = 0;
    const closing = (async () => (await given?.catch(() => undefined))?.close())()
      .catch(() => undefined)
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
