/** What plugins keep in the store and read from it, as the host needs it. The service gives the real one (triggering-service/plugin-data.ts). */
import { messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import type { PluginHistory } from '../plugins/sdk/plugin.js';
import type { PluginState } from '../store/store.js';
import type { StateBody } from './plugin-memory.js';

export interface PluginStore {
  /** @throws MakaiError STORE_UNAVAILABLE */
  state(plugin: string): Promise<PluginState | undefined>;
  keep(state: PluginState): void;
  /** oldest first, bounded (limits.ts) */
  history(boxId: number, fromMs: number, toMs: number): Promise<PluginHistory>;
}

export const NO_STORE: PluginStore = {
  state: () => Promise.resolve(undefined),
  keep: () => undefined,
  history: () => Promise.resolve({ measurements: [], trends: [] }),
};

/**
 * The state of one plugin over all its threads, also of those before a reload: what was kept last is passed on even where the store does not
 * have it yet.
 */
export class StateKeeper {
  readonly #plugin: string;
  readonly #store: PluginStore;
  readonly #log: Logger;
  #known: { state: StateBody | undefined } | undefined;

  constructor(plugin: string, store: PluginStore, log: Logger) {
    this.#plugin = plugin;
    this.#store = store;
    this.#log = log;
  }

  /** What was kept last. While it cannot be read the plugin runs without, and what it keeps then is not stored. */
  async state(): Promise<StateBody | undefined> {
    if (this.#known) return this.#known.state;
    try {
      const found = await this.#store.state(this.#plugin);
      // A thread that asked after this one may have kept something meanwhile.
      this.#known ??= { state: found && { format: found.format, body: found.body } };
      return this.#known.state;
    } catch (error) {
      this.#log.warn(
        { plugin: this.#plugin, problem: messageOf(error) },
        'state of the plugin could not be read: it begins without, and what it keeps is not stored until it is loaded again',
      );
      return undefined;
    }
  }

  keep(state: StateBody): void {
    if (this.#known === undefined) return;
    this.#known = { state };
    this.#store.keep({ plugin: this.#plugin, ...state });
  }
}
