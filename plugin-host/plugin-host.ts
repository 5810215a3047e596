/** All plugins of a configuration: each in a thread of its own, fed from the rings, watched. */
import { statSync } from 'node:fs';
import type { BackOffOptions } from '../common/backoff.js';
import { MakaiError, messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { type PluginEntry, settingsOf } from '../config/plugins.js';
import type { EventRequest } from '../plugins/sdk/plugin.js';
import type { RingShare } from '../stream/ring.js';
import { DEFAULT_PLUGIN_LIMITS, type PluginLimits } from './limits.js';
import { type PluginStatus, PluginSupervisor } from './plugin-supervisor.js';
import { type PluginFile, resolvePlugin } from './resolve-plugin.js';
import { EMPTY_SITE, type SiteData } from './site.js';

const WATCH_MS = 50;
/** A longer gap between two checks means that this process did not run: that time is counted for no plugin. */
const LONGEST_GAP_MS = 500;

export interface PluginHostOptions {
  /** one per thread that receives measurements */
  rings: readonly RingShare[];
  log: Logger;
  /** the requests of a plugin; types and ranges of their fields are checked, nothing else */
  requests: (requests: EventRequest[], pluginId: string) => void;
  limits?: Partial<PluginLimits>;
  /** of restarts, for tests */
  pauses?: BackOffOptions;
}

interface Hosted {
  /** entry and file as they were when it was started */
  key: string;
  supervisor: PluginSupervisor;
}

export class PluginHost {
  readonly #options: PluginHostOptions;
  readonly #limits: PluginLimits;
  readonly #watchdog: NodeJS.Timeout;
  #hosted: Hosted[] = [];
  #unusable: PluginStatus[] = [];
  #site: SiteData = EMPTY_SITE;
  #clockMs = 0;
  #lookedMs = performance.now();
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: PluginHostOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_PLUGIN_LIMITS, ...options.limits };
    this.#watchdog = setInterval(() => this.#watch(), WATCH_MS);
    this.#watchdog.unref();
  }

  /**
   * Makes the plugins those of `entries`: new ones are started, missing ones stopped, changed ones (settings or file) restarted,
   * the others keep running. An entry that names no usable file is logged and shown in the status, and does not affect the others.
   * Fulfilled when the plugins that had to stop have stopped.
   */
  load(entries: readonly PluginEntry[]): Promise<void> {
    this.#reloading = this.#reloading.catch(() => undefined).then(() => this.#load(entries));
    return this.#reloading;
  }

  /** There is a new batch in the ring. */
  wake(): void {
    for (const { supervisor } of this.#hosted) supervisor.wake();
  }

  /** Thresholds and locations for all plugins, now and for those started later. */
  update(site: SiteData): void {
    this.#site = site;
    for (const { supervisor } of this.#hosted) supervisor.update(site);
  }

  status(): PluginStatus[] {
    return [...this.#hosted.map(({ supervisor }) => supervisor.status()), ...this.#unusable];
  }

  async stop(): Promise<void> {
    await this.#reloading;
    await Promise.all(this.#hosted.map(({ supervisor }) => supervisor.stop()));
    clearInterval(this.#watchdog);
  }

  async #load(entries: readonly PluginEntry[]): Promise<void> {
    const before = [...this.#hosted];
    const names = new Map<string, number>();
    this.#unusable = [];
    const wanted = entries.flatMap((entry) => {
      const found = this.#resolve(entry);
      if (!found) return [];
      const { file, version } = found;
      const number = (names.get(file.name) ?? 0) + 1;
      names.set(file.name, number);
      const id = number === 1 ? file.name : `${file.name}#${number}`;
      return [{ id, file, entry, key: JSON.stringify([id, file.file, version, entry]) }];
    });
    const kept = new Map(before.filter((h) => wanted.some((w) => w.key === h.key)).map((h) => [h.key, h]));
    await Promise.all(before.filter((h) => !kept.has(h.key)).map((h) => h.supervisor.stop()));
    this.#hosted = wanted.map(
      ({ id, file, entry, key }) => kept.get(key) ?? { key, supervisor: this.#supervise(id, file, entry) },
    );
  }

  #supervise(id: string, file: PluginFile, entry: PluginEntry): PluginSupervisor {
    const { rings, log, requests, pauses } = this.#options;
    return new PluginSupervisor({
      id,
      file,
      settings: settingsOf(entry),
      limits: this.#limits,
      rings,
      site: () => this.#site,
      log,
      requests: (found) => requests(found, id),
      ...(pauses ? { pauses } : {}),
    });
  }

  /** The file of an entry, and its version: time and size, which change with the content. */
  #resolve(entry: PluginEntry): { file: PluginFile; version: string } | undefined {
    try {
      const file = resolvePlugin(entry.path);
      const { mtimeMs, size } = statSync(file.file);
      return { file, version: `${mtimeMs} ${size}` };
    } catch (error) {
      const problem = messageOf(error);
      const hint = error instanceof MakaiError ? error.hint : undefined;
      this.#options.log.error({ plugin: entry.path, problem, hint }, 'plugin refused');
      this.#unusable.push(unusableStatus(entry.path, problem));
      return undefined;
    }
  }

  #watch(): void {
    const now = performance.now();
    this.#clockMs += Math.min(now - this.#lookedMs, LONGEST_GAP_MS);
    this.#lookedMs = now;
    for (const { supervisor } of this.#hosted) supervisor.watch(this.#clockMs);
  }
}

function unusableStatus(path: string, problem: string): PluginStatus {
  return {
    id: path,
    name: path,
    version: '',
    language: path.endsWith('.wasm') ? 'webassembly' : 'javascript',
    file: path,
    state: 'refused',
    measurements: 0,
    batches: 0,
    droppedBatches: 0,
    droppedMeasurements: 0,
    requests: 0,
    refusedRequests: 0,
    surplusRequests: 0,
    suppressedLogs: 0,
    batchP50Us: 0,
    batchP99Us: 0,
    batchMaxUs: 0,
    restarts: 0,
    lastError: problem,
  };
}
