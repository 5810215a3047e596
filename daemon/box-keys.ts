/** The keys of the store's boxes for a broker's allow-list, where its configuration asks for them. */
import { allowListOf, storeUrl, type TriggeringBrokerConfig } from '../config/index.js';
import type { BoxKeys, ReadBoxKeys } from '../keys/store-source.js';
import { storedBoxKeys } from '../store/box-keys.js';
import type { Store } from '../store/store.js';

/** Only boxes are read here; nothing is written that could expire. */
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
/**
 * After so many questions without an answer the store is opened anew: the MongoDB driver's own watch of a server can stick to its last error and
 * never look again (store/spool/link.ts).
 */
const QUESTIONS_OF_A_CLIENT = 3;

/**
 * @returns undefined where the allow-list does not come from the store
 */
export function openBoxKeys(
  config: TriggeringBrokerConfig,
): { read: ReadBoxKeys; close(): Promise<void> } | undefined {
  const allow = allowListOf(config);
  if (allow.any || !allow.store) return undefined;
  return new StoredKeys(async () => {
    const { openStore } = await import('../store/open.js');
    return openStore(storeUrl(config), { retention: RETENTION });
  });
}

/** The store is opened when it is first asked, and again where that failed or it no longer answers: a broker starts, and goes on, while the store is away. */
export class StoredKeys {
  readonly #open: () => Promise<Store>;
  #store: Promise<Store> | undefined;
  /** questions since the last answer */
  #unanswered = 0;
  /** stores that were given up and are not closed yet */
  readonly #closing = new Set<Promise<void>>();

  constructor(open: () => Promise<Store>) {
    this.#open = open;
  }

  /** @throws what opening or reading throws */
  readonly read = async (): Promise<BoxKeys> => {
    if (this.#unanswered >= QUESTIONS_OF_A_CLIENT) this.#giveUp();
    this.#unanswered += 1;
    const store = this.#store ?? this.#open();
    this.#store = store;
    try {
      const keys = await storedBoxKeys(await store);
      if (this.#store === store) this.#unanswered = 0;
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

  /** Closes the store, which ends questions that hang on it; the next question opens another. */
  #giveUp(): void {
    const given = this.#store;
    this.#store = undefined;
    this.#unanswered = 0;
    const closing = (async () => (await given?.catch(() => undefined))?.close())()
      .catch(() => undefined)
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
