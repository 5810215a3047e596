/** The plugins of the service that `makai up` runs: which of them changed their state since the last look. */
import { parseStatusEndpoint } from '../../config/types.js';
import { readStatus } from '../../daemon/status/client.js';
import { type PluginShown, pluginStates } from '../plugin/states.js';

export class PluginWatch {
  readonly #endpoint: string;
  #last = new Map<string, string>();
  #states: readonly PluginShown[] = [];

  /** @param endpoint `status` of the triggering service */
  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** Plugins that run, pause or were refused, and did not at the last look. Nothing while the service does not reply. */
  async changed(): Promise<PluginShown[]> {
    const address = parseStatusEndpoint(this.#endpoint);
    const status = address && (await readStatus(address).catch(() => undefined));
    if (status === undefined) return [];
    this.#states = pluginStates(status.details).filter(({ state }) => state !== 'starting');
    const now = new Map(this.#states.map((one) => [one.plugin, `${one.state} ${one.lastError ?? ''}`]));
    const changed = this.#states.filter(({ plugin }) => now.get(plugin) !== this.#last.get(plugin));
    this.#last = now;
    return changed;
  }

  /** Those that were refused or had stopped at the last look. */
  get stopped(): PluginShown[] {
    return this.#states.filter(({ state }) => state === 'refused' || state === 'pausing');
  }
}
