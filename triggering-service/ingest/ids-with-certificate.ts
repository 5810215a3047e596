/**
 * Which box ids have a certificate. The triggering broker sees keys and no messages, so a measurement under an id that no certificate names
 * is found here. Meters come with the key of the gateway, so their records in the store name them. The list is the broker's: a folder of certificates, the keys in the store, or both, watched in the same way.
 */
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { TriggeringServiceSettings } from '../../config/index.js';
import { type AllowList, type AllowListStatus, startAllowList } from '../../keys/allow-list.js';
import { allowSources } from '../../keys/allow-sources.js';
import { type KeyReader, storedBoxKeys } from '../../store/box-keys.js';

export class IdsWithCertificate implements Running {
  readonly #allow: AllowList;
  readonly #listeners = new Set<() => void>();
  /** as numbers, as in the messages: looked up for each message */
  #ids: ReadonlySet<number>;

  constructor(allow: AllowList) {
    this.#allow = allow;
    this.#ids = numbersOf(allow);
    allow.onChange(() => {
      this.#ids = numbersOf(allow);
      for (const listener of this.#listeners) listener();
    });
  }

  has(boxId: number): boolean {
    return this.#ids.has(boxId);
  }

  get ids(): ReadonlySet<number> {
    return this.#ids;
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  status(): AllowListStatus {
    return this.#allow.status();
  }

  stop(): Promise<void> {
    return this.#allow.stop();
  }
}

function numbersOf(allow: AllowList): ReadonlySet<number> {
  return new Set([...allow.boxIds()].map(Number));
}

/**
 * Fulfilled once the list has been read, or could not be read: then it names no id until it can be.
 * @returns undefined where the configuration names no list: every id is accepted
 */
export async function startIdsWithCertificate(
  { allow }: TriggeringServiceSettings,
  store: KeyReader,
  log: Logger,
): Promise<IdsWithCertificate | undefined> {
  const { directory, store: fromStore } = allow;
  const boxKeys = () => storedBoxKeys(store);
  const sources = allow.any ? [] : allowSources({ directory, store: fromStore, meters: true, boxKeys, log });
  return sources.length === 0 ? undefined : new IdsWithCertificate(await startAllowList({ sources, log }));
}
