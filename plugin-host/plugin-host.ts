/** All plugins of a configuration: each in a thread of its own, fed from the ring, watched. */
import { existsSync } from 'node:fs';
import type { BackOffOptions } from '../common/backoff.js';
import { MakaiError, messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { Turn } from '../common/turn.js';
import { type PluginEntry, settingsOf, resolvePlugin as targetOf } from '../config/plugins.js';
import type { EventRequest } from '../plugins/sdk/plugin.js';
import type { RingShare } from '../stream/ring.js';
import { DEFAULT_PLUGIN_LIMITS, type PluginLimits } from './limits.js';
import type { PluginFinding, PluginResults, PluginSecond } from './messages.js';
import { manifestFile, moduleGraph, versionOf } from './module-graph.js';
import type { PluginStatus } from './plugin-status.js';
import { NO_STORE, type PluginStore, StateKeeper } from './plugin-store.js';
import { PluginSupervisor } from './plugin-supervisor.js';
import { type PluginFile, resolvePlugin } from './resolve-plugin.js';
import { RunningClock } from './running-clock.js';
import { EMPTY_SITE, type SiteData } from './site.js';

const WATCH_MS = 50;
/** How often files are compared with `reloadOnChange`. */
const FILES_MS = 1000;

export interface PluginHostOptions {
  /** undefined: plugins are driven by seconds (`second`) */
  ring: RingShare | undefined;
  log: Logger;
  /** the requests of a plugin; types and ranges of their fields are checked, nothing else */
  requests: (requests: EventRequest[], pluginId: string) => void;
  /** incidents and values of a plugin; types and ranges of their fields are checked, nothing else. Left out: they go nowhere */
  results?: (results: PluginResults, pluginId: string) => void;
  /** what plugins keep and read; left out: nothing is kept and there is no history */
  store?: PluginStore;
  /** what a plugin found about the health of a box; left out: a line in the log */
  findings?: (finding: PluginFinding, pluginId: string) => void;
  limits?: Partial<PluginLimits>;
  /** restarts a plugin when its file, or one that it imports, changes */
  reloadOnChange?: boolean;
  /** of restarts, for tests */
  pauses?: BackOffOptions;
}

interface Hosted {
  /** entry and file as they were when it was started */
  key: string;
  files: readonly string[];
  version: string;
  supervisor: PluginSupervisor;
}

export class PluginHost {
  readonly #options: PluginHostOptions;
  readonly #limits: PluginLimits;
  readonly #watchdog: NodeJS.Timeout;
  readonly #fileWatch: NodeJS.Timeout | undefined;
  #entries: readonly PluginEntry[] = [];
  /** version of changed files at the last look: a file that is still being written is not loaded yet */
  #changing = '';
  #hosted: Hosted[] = [];
  /** by id of the plugin, also of plugins that were taken out */
  readonly #keepers = new Map<string, StateKeeper>();
  #unusable: PluginStatus[] = [];
  /** findings dropped of plugins that were replaced or taken out */
  #droppedBefore = 0;
  #site: SiteData = EMPTY_SITE;
  readonly #clock = new RunningClock();
  readonly #turn = new Turn();

  constructor(options: PluginHostOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_PLUGIN_LIMITS, ...options.limits };
    this.#watchdog = setInterval(() => this.#watch(), WATCH_MS);
    this.#watchdog.unref();
    if (options.reloadOnChange !== true) return;
    this.#fileWatch = setInterval(() => this.#compareFiles(), FILES_MS);
    this.#fileWatch.unref();
  }

  /**
   * Makes the plugins those of `entries`: new ones are started, missing ones stopped, changed ones (settings or file) restarted,
   * the others keep running. An entry that names no usable file is logged and shown in the status, and does not affect the others.
   * Fulfilled when the plugins that had to stop have stopped.
   */
  load(entries: readonly PluginEntry[]): Promise<void> {
    return this.#turn.run(() => this.#load(entries));
  }

  /** There is a new batch in the ring. */
  wake(): void {
    for (const { supervisor } of this.#hosted) supervisor.wake();
  }

  /** Hands a second to all plugins that run; fulfilled when everything that they made of it was handed on. */
  async second(second: PluginSecond): Promise<void> {
    await Promise.all(this.#hosted.map(({ supervisor }) => supervisor.second(second)));
  }

  /** Thresholds and locations for all plugins, now and for those started later. */
  update(site: SiteData): void {
    this.#site = site;
    for (const { supervisor } of this.#hosted) supervisor.update(site);
  }

  /** Findings about boxes that were dropped, of all plugins since the start, also of those that were taken out. */
  get droppedFindings(): number {
    const now = this.#hosted.map(({ supervisor }) => supervisor.status().droppedFindings);
    return now.reduce((sum, count) => sum + count, this.#droppedBefore);
  }

  status(): PluginStatus[] {
    return [...this.#hosted.map(({ supervisor }) => supervisor.status()), ...this.#unusable];
  }

  async stop(): Promise<void> {
    clearInterval(this.#fileWatch);
    await this.#turn.run(async () => {
      await Promise.all(this.#hosted.map(({ supervisor }) => supervisor.stop()));
    });
    clearInterval(this.#watchdog);
  }

  async #load(entries: readonly PluginEntry[]): Promise<void> {
    this.#entries = entries;
    const before = [...this.#hosted];
    const names = new Map<string, number>();
    this.#unusable = [];
    const wanted = entries.flatMap((entry) => {
      const found = this.#resolve(entry);
      if (!found) return [];
      const { file, files, version, unseen } = found;
      const number = (names.get(file.name) ?? 0) + 1;
      names.set(file.name, number);
      const id = number === 1 ? file.name : `${file.name}#${number}`;
      return [
        { id, file, files, version, unseen, entry, key: JSON.stringify([id, file.file, version, entry]) },
      ];
    });
    const kept = new Map(before.filter((h) => wanted.some((w) => w.key === h.key)).map((h) => [h.key, h]));
    const gone = before.filter((h) => !kept.has(h.key)).map(({ supervisor }) => supervisor);
    await Promise.all(gone.map((supervisor) => supervisor.stop()));
    for (const supervisor of gone) this.#droppedBefore += supervisor.status().droppedFindings;
    this.#hosted = wanted.map(({ id, file, files, version, unseen, entry, key }) => {
      const hosted = kept.get(key);
      if (hosted && unseen.length > 0) {
        this.#options.log.info(
          { plugin: id, unseen },
          'plugin keeps running: no change was seen in its files, but one could go unseen',
        );
      }
      return hosted ?? { key, files, version, supervisor: this.#supervise(id, file, entry) };
    });
  }

  #supervise(id: string, file: PluginFile, entry: PluginEntry): PluginSupervisor {
    const { ring, log, requests, pauses, store = NO_STORE } = this.#options;
    const logged = (finding: PluginFinding, plugin: string): void =>
      log.warn({ plugin, ...finding }, 'finding about a box');
    const { findings = logged, results = () => undefined } = this.#options;
    const keeper = this.#keepers.get(id) ?? new StateKeeper(id, store, log);
    this.#keepers.set(id, keeper);
    return new PluginSupervisor({
      id,
      file,
      settings: settingsOf(entry),
      limits: this.#limits,
      ring,
      site: () => this.#site,
      log,
      requests,
      results,
      keeper,
      history: (boxId, fromMs, toMs) => store.history(boxId, fromMs, toMs),
      findings,
      ...(pauses ? { pauses } : {}),
    });
  }

  /** The files of an entry, and their version: times and sizes, which change with the content. */
  #resolve(entry: PluginEntry) {
    try {
      const file = resolvePlugin(entry.path);
      const graph = file.shipped ? { files: [file.file], unseen: [] } : moduleGraph(file.file);
      const files = [...graph.files, manifestFile(file.file)];
      const { unseen } = graph;
      return { file, files, version: versionOf(files), unseen };
    } catch (error) {
      const problem = messageOf(error);
      const hint = error instanceof MakaiError ? error.hint : undefined;
      this.#options.log.error({ plugin: entry.path, problem, hint }, 'plugin refused');
      this.#unusable.push(unusableStatus(entry.path, problem));
      return undefined;
    }
  }

  /** Loads again when files have changed and have then stayed the same from one look to the next. */
  #compareFiles(): void {
    const changed = this.#hosted.map(({ files, version }) => {
      const now = versionOf(files);
      return now === version ? '' : now;
    });
    const isStill = changed.join('\n') === this.#changing;
    this.#changing = changed.join('\n');
    // Of what could not be used: a file that was not there may have come.
    const hasCome = this.#unusable.some(({ file }) => isFile(file));
    if (!hasCome && (changed.every((version) => version === '') || !isStill)) return;
    this.#changing = '';
    this.#options.log.info('files of plugins have changed: loaded again');
    void this.load(this.#entries).catch((error: unknown) =>
      this.#options.log.error({ err: error }, 'plugins could not be loaded again'),
    );
  }

  #watch(): void {
    const nowMs = this.#clock.look();
    for (const { supervisor } of this.#hosted) supervisor.watch(nowMs);
  }
}

/** Whether a plugin's path is that of a file that is there. */
function isFile(path: string): boolean {
  const target = targetOf(path);
  return target.kind === 'file' && existsSync(target.path);
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
    incidents: 0,
    values: 0,
    refusedRequests: 0,
    surplusRequests: 0,
    limitedRequests: 0,
    suppressedLogs: 0,
    droppedFindings: 0,
    batchP50Us: 0,
    batchP99Us: 0,
    batchMaxUs: 0,
    restarts: 0,
    lastError: problem,
  };
}
