/**
 * Which ids have a certificate. The triggering broker sees keys and no messages, so it is here that an id which no certificate names is
 * found out. The list is the broker's: a folder of certificates, the keys in the store, or both, watched in the same way.
 */
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { allowListOf, type TriggeringServiceConfig } from '../../config/index.js';
import { type AllowList, type AllowListStatus, startAllowList } from '../../keys/allow-list.js';
import { allowSources } from '../../keys/allow-sources.js';
import { type KeyReader, storedBoxKeys } from '../../store/box-keys.js';

export class CertifiedIds implements Running {
  readonly #allow: AllowList;
  readonly #listeners = new Set<() => void>();
  /** as numbers, as the messages have them: this is asked for each message */
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
 * Fulfilled when the list was read once, or could not be: then it names no id until it can.
 * @returns undefined where the configuration names no list: every id passes
 */
export async function startCertifiedIds(
  config: TriggeringServiceConfig,
  store: KeyReader,
  log: Logger,
): Promise<CertifiedIds | undefined> {
  const who = allowListOf(config);
  const sources = who.any
    ? []
    : allowSources({
        directory: who.directory,
        store: who.store,
        boxKeys: () => storedBoxKeys(store),
        log,
      });
  return sources.length === 0 ? undefined : new CertifiedIds(await startAllowList({ sources, log }));
}
