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
  /** as numbers, as in the messages: looked up for each message. The same set all the time. */
  readonly #ids = new Set<number>();

  constructor(allow: AllowList) {
    this.#allow = allow;
    this.#read();
    allow.onChange(() => {
      this.#read();
      for (const listener of this.#listeners) listener();
    });
  }

  /** The ids now: the set changes with the list. */
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

  #read(): void {
    this.#ids.clear();
    for (const boxId of this.#allow.boxIds()) this.#ids.add(Number(boxId));
  }
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
