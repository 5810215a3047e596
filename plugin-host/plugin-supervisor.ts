/** Keeps one plugin of the configuration running: starts its thread, restarts it after growing pauses, keeps its status. */
import { BackOff, type BackOffOptions } from '../common/backoff.js';
import type { Logger } from '../common/log.js';
import { ThrottledLog } from '../common/throttled-log.js';
import type { EventRequest } from '../plugins/sdk/plugin.js';
import { sumOf } from '../stream/merged-reader.js';
import { positionIn, type RingPosition, type RingShare } from '../stream/ring.js';
import type { Counter } from './control.js';
import type { PluginLimits } from './limits.js';
import type { PluginLanguage } from './loaded-plugin.js';
import { type Ending, PluginThread } from './plugin-thread.js';
import type { PluginFile } from './resolve-plugin.js';
import type { SiteData } from './site.js';

const PAUSES = { firstMs: 1000, maxMs: 300_000 };
/** After running this long without a failure the pauses begin with the first one again. */
const SOUND_MS = 600_000;

export type PluginState = 'starting' | 'running' | 'pausing' | 'refused' | 'stopped';

export interface PluginStatus {
  /** short name, with a number when the configuration has it more than once */
  id: string;
  /** what it calls itself */
  name: string;
  version: string;
  language: PluginLanguage;
  file: string;
  state: PluginState;
  measurements: number;
  batches: number;
  /** batches and measurements that it did not process: it was too slow, or not running */
  droppedBatches: number;
  droppedMeasurements: number;
  requests: number;
  /** malformed requests, and those beyond the limits */
  refusedRequests: number;
  surplusRequests: number;
  suppressedLogs: number;
  batchP50Us: number;
  batchP99Us: number;
  batchMaxUs: number;
  restarts: number;
  lastError?: string;
  /** state `pausing`: ms until it is started again */
  nextStartInMs?: number;
}

export interface SupervisorOptions {
  id: string;
  file: PluginFile;
  settings: Record<string, unknown>;
  limits: PluginLimits;
  rings: readonly RingShare[];
  site: () => SiteData;
  log: Logger;
  requests: (requests: EventRequest[]) => void;
  /** pauses before a restart, for tests */
  pauses?: BackOffOptions;
}

const SUMMED: readonly Counter[] = [
  'batches',
  'measurements',
  'lostBatches',
  'lostMeasurements',
  'requests',
  'refusedRequests',
  'surplusRequests',
  'suppressedLogs',
];

export class PluginSupervisor {
  readonly id: string;
  readonly #options: SupervisorOptions;
  readonly #log: Logger;
  readonly #throttled: ThrottledLog;
  readonly #totals = new Map<Counter, number>();
  #thread: PluginThread | undefined;
  #state: PluginState = 'stopped';
  #name: string;
  #version = '';
  #restarts = 0;
  #lastError: string | undefined;
  readonly #backOff: BackOff;
  #restartTimer: NodeJS.Timeout | undefined;
  #restartAtMs = 0;
  #runningSinceMs = 0;
  /** the position of the last thread, while none reads */
  #unreadFrom: RingPosition | undefined;
  #stopped: { promise: Promise<void>; resolve: () => void } | undefined;

  constructor(options: SupervisorOptions) {
    this.id = options.id;
    this.#options = options;
    this.#log = options.log.child({ plugin: options.id });
    this.#throttled = new ThrottledLog(this.#log);
    this.#name = options.file.name;
    this.#backOff = new BackOff(options.pauses ?? PAUSES);
    this.#start();
  }

  wake(): void {
    this.#thread?.wake();
  }

  watch(nowMs: number): void {
    this.#thread?.watch(nowMs);
  }

  update(site: SiteData): void {
    this.#thread?.update(site);
  }

  /** Ends it for good; fulfilled when its thread has ended. */
  stop(): Promise<void> {
    if (this.#stopped) return this.#stopped.promise;
    let resolve = (): void => undefined;
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    this.#stopped = { promise, resolve };
    clearTimeout(this.#restartTimer);
    if (this.#thread) this.#thread.stop();
    else this.#settle();
    return promise;
  }

  status(): PluginStatus {
    const { file } = this.#options;
    const unread = this.#unread();
    const now = (counter: Counter) => this.#thread?.control.get(counter) ?? this.#totals.get(counter) ?? 0;
    const sum = (counter: Counter) =>
      (this.#totals.get(counter) ?? 0) + (this.#thread?.control.get(counter) ?? 0);
    return {
      id: this.id,
      name: this.#name,
      version: this.#version,
      language: file.language,
      file: file.file,
      state: this.#state,
      measurements: sum('measurements'),
      batches: sum('batches'),
      droppedBatches: sum('lostBatches') + unread.batch,
      droppedMeasurements: sum('lostMeasurements') + unread.row,
      requests: sum('requests'),
      refusedRequests: sum('refusedRequests'),
      surplusRequests: sum('surplusRequests'),
      suppressedLogs: sum('suppressedLogs'),
      batchP50Us: now('batchP50Us'),
      batchP99Us: now('batchP99Us'),
      batchMaxUs: now('batchMaxUs'),
      restarts: this.#restarts,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(this.#state === 'pausing'
        ? { nextStartInMs: Math.max(0, Math.round(this.#restartAtMs - performance.now())) }
        : {}),
    };
  }

  #start(): void {
    const { file, settings, limits, rings, site } = this.#options;
    const from = rings.map(positionIn);
    const unread = this.#unread();
    this.#count('lostBatches', unread.batch);
    this.#count('lostMeasurements', unread.row);
    this.#unreadFrom = undefined;
    this.#state = 'starting';
    this.#thread = new PluginThread(
      { file, settings, limits, rings, from, site: site() },
      {
        running: (plugin) => this.#onRunning(plugin),
        requests: this.#options.requests,
        unsound: (refused, surplus, problem) => this.#onUnsound(refused, surplus, problem),
        log: (level, text) => this.#log[level](text),
        ended: (ending) => this.#onEnded(ending),
      },
    );
  }

  #onRunning({ name, version }: { name: string; version: string }): void {
    this.#state = 'running';
    this.#name = name;
    this.#version = version;
    this.#runningSinceMs = performance.now();
    this.#log.info({ plugin_name: name, version, file: this.#options.file.file }, 'plugin runs');
    this.#thread?.wake();
  }

  #onUnsound(refused: number, surplus: number, problem: string | undefined): void {
    this.#throttled.warn({ refused, surplus, problem }, 'event requests of a plugin were dropped');
  }

  #onEnded(ending: Ending): void {
    const ran = this.#state === 'running' ? performance.now() - this.#runningSinceMs : 0;
    const control = this.#thread?.control;
    if (control) {
      for (const counter of SUMMED) this.#count(counter, control.get(counter));
      for (const time of ['batchP50Us', 'batchP99Us', 'batchMaxUs'] as const) {
        this.#totals.set(time, control.get(time));
      }
      this.#unreadFrom = { batch: control.get('nextBatch'), row: control.get('nextRow') };
    }
    this.#thread = undefined;
    if (ending.kind !== 'stopped') this.#lastError = ending.problem;
    if (this.#stopped) {
      if (ending.kind !== 'stopped')
        this.#log.warn({ problem: ending.problem }, 'plugin did not stop cleanly');
      this.#settle();
    } else if (ending.kind === 'refused') {
      this.#state = 'refused';
      this.#unreadFrom = undefined;
      this.#log.error(
        { problem: ending.problem, file: this.#options.file.file },
        'plugin refused: correct its settings or its file, then reload (SIGHUP)',
      );
    } else {
      this.#pause(ending.kind === 'failed' ? ending.problem : 'stopped by itself', ran);
    }
  }

  #pause(problem: string, ranMs: number): void {
    if (ranMs >= SOUND_MS) this.#backOff.reset();
    const pauseMs = this.#backOff.next();
    this.#state = 'pausing';
    this.#restartAtMs = performance.now() + pauseMs;
    this.#restartTimer = setTimeout(() => {
      this.#restarts += 1;
      this.#start();
    }, pauseMs);
    this.#restartTimer.unref();
    this.#log.error(
      { problem, restarts: this.#restarts, pauseMs },
      'plugin stopped; restarted after a pause',
    );
  }

  #settle(): void {
    this.#state = 'stopped';
    this.#unreadFrom = undefined;
    this.#stopped?.resolve();
  }

  #count(counter: Counter, value: number): void {
    this.#totals.set(counter, (this.#totals.get(counter) ?? 0) + value);
  }

  /** Batches and measurements that passed while no thread read. */
  #unread(): RingPosition {
    const from = this.#unreadFrom;
    if (!from) return { batch: 0, row: 0 };
    const to = sumOf(this.#options.rings.map(positionIn));
    return { batch: to.batch - from.batch, row: to.row - from.row };
  }
}
