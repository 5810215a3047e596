/** Keeps one plugin of the configuration running: starts its thread, restarts it after growing pauses, keeps its status. */
import { BackOff, type BackOffOptions } from '../common/backoff.js';
import { systemClock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import { ThrottledLog } from '../common/throttled-log.js';
import type { EventRequest } from '../plugins/sdk/plugin.js';
import { positionIn, type RingPosition, type RingShare } from '../stream/ring.js';
import { EventBudget } from './event-budget.js';
import type { PluginLimits } from './limits.js';
import type { PluginFinding, PluginResults, PluginSecond, Question } from './messages.js';
import { type Problem, problemFields } from './plugin-problem.js';
import { type PluginState, type PluginStatus, PluginTotals } from './plugin-status.js';
import type { PluginStore, StateKeeper } from './plugin-store.js';
import { PluginThread } from './plugin-thread.js';
import type { PluginFile } from './resolve-plugin.js';
import type { SiteData } from './site.js';
import type { Ending } from './thread-events.js';

const PAUSES = { firstMs: 1000, maxMs: 300_000 };
/** After running this long without a failure the pauses begin with the first one again. */
const STEADY_MS = 600_000;

export interface SupervisorOptions {
  id: string;
  file: PluginFile;
  settings: Record<string, unknown>;
  limits: PluginLimits;
  /** undefined: it is driven by seconds (`second`) */
  ring: RingShare | undefined;
  site: () => SiteData;
  log: Logger;
  requests: (requests: EventRequest[], pluginId: string) => void;
  results: (results: PluginResults, pluginId: string) => void;
  /** outlives this supervisor */
  keeper: StateKeeper;
  history: PluginStore['history'];
  findings: (finding: PluginFinding, pluginId: string) => void;
  /** pauses before a restart, for tests */
  pauses?: BackOffOptions;
}

export class PluginSupervisor {
  readonly id: string;
  readonly #options: SupervisorOptions;
  readonly #log: Logger;
  readonly #throttled: ThrottledLog;
  readonly #totals = new PluginTotals();
  readonly #budget: EventBudget;
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
    this.#budget = new EventBudget(options.limits.eventsPerHour, systemClock);
    this.#backOff = new BackOff(options.pauses ?? PAUSES);
    this.#start();
  }

  wake(): void {
    this.#thread?.wake();
  }

  /** Fulfilled when everything that a second gave was handed on; one that comes while the plugin does not run is lost to it. */
  async second(second: PluginSecond): Promise<void> {
    if (this.#state === 'running') await this.#thread?.second(second);
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
    const counted = this.#totals.status(this.#thread?.control);
    return {
      id: this.id,
      name: this.#name,
      version: this.#version,
      language: file.language,
      file: file.file,
      state: this.#state,
      ...counted,
      droppedBatches: counted.droppedBatches + unread.batch,
      droppedMeasurements: counted.droppedMeasurements + unread.row,
      limitedRequests: this.#budget.limited,
      restarts: this.#restarts,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(this.#state === 'pausing'
        ? { nextStartInMs: Math.max(0, Math.round(this.#restartAtMs - performance.now())) }
        : {}),
    };
  }

  #start(): void {
    const { file, settings, limits, ring, site } = this.#options;
    const from = this.#newest();
    const unread = this.#unread();
    this.#totals.count('lostBatches', unread.batch);
    this.#totals.count('lostMeasurements', unread.row);
    this.#unreadFrom = undefined;
    this.#state = 'starting';
    this.#thread = new PluginThread(
      { file, settings, limits, ring, from, site: site() },
      {
        running: (plugin) => this.#onRunning(plugin),
        requests: (requests) => this.#onRequests(requests),
        results: (results) => this.#onResults(results),
        state: (state) => this.#options.keeper.keep(state),
        question: (question) => this.#reply(question),
        refusals: (refused, surplus, problem) => this.#onRefusals(refused, surplus, problem),
        finding: (finding) => this.#options.findings(finding, this.id),
        log: (level, text) => this.#log[level](text),
        ended: (ending) => this.#onEnded(ending),
      },
    );
  }

  #onRunning({
    name,
    version,
    warnings,
  }: {
    name: string;
    version: string;
    warnings: readonly string[];
  }): void {
    this.#state = 'running';
    this.#name = name;
    this.#version = version;
    this.#runningSinceMs = performance.now();
    this.#log.info({ plugin_name: name, version, file: this.#options.file.file }, 'plugin runs');
    for (const warning of warnings) this.#log.warn({ file: this.#options.file.file }, warning);
    this.#thread?.wake();
  }

  #onRequests(requests: EventRequest[]): void {
    const admitted = requests.flatMap((request) => this.#budget.admit(request) ?? []);
    if (admitted.length < requests.length) {
      const { eventsPerHour } = this.#options.limits;
      this.#throttled.warn(
        { limited: this.#budget.limited, events_per_hour: eventsPerHour },
        'plugin requests more events of a box than plugin_limits.events_per_hour: they are dropped',
      );
    }
    if (admitted.length > 0) this.#options.requests(admitted, this.id);
  }

  /** Incidents fill the store as events do, and have the same limit. */
  #onResults({ incidents, values }: PluginResults): void {
    const admitted = incidents.filter(({ boxId }) => this.#budget.admitBox(boxId));
    if (admitted.length < incidents.length) {
      this.#throttled.warn(
        { limited: this.#budget.limited, events_per_hour: this.#options.limits.eventsPerHour },
        'plugin reports more incidents of a box than plugin_limits.events_per_hour: they are dropped',
      );
    }
    if (admitted.length + values.length > 0) this.#options.results({ incidents: admitted, values }, this.id);
  }

  #reply(question: Question): Promise<unknown> {
    const { history, keeper } = this.#options;
    return question.what === 'state'
      ? keeper.state()
      : history(question.boxId, question.fromMs, question.toMs);
  }

  #onRefusals(refused: number, surplus: number, problem: string | undefined): void {
    this.#throttled.warn({ refused, surplus, problem }, 'event requests of a plugin were dropped');
  }

  #onEnded(ending: Ending): void {
    const ran = this.#state === 'running' ? performance.now() - this.#runningSinceMs : 0;
    const control = this.#thread?.control;
    if (control) {
      this.#totals.keep(control);
      this.#unreadFrom = { batch: control.get('nextBatch'), row: control.get('nextRow') };
    }
    this.#thread = undefined;
    if (ending.kind !== 'stopped') this.#lastError = ending.problem;
    if (this.#stopped) {
      if (ending.kind !== 'stopped') this.#log.warn(problemFields(ending), 'plugin did not stop cleanly');
      this.#settle();
    } else if (ending.kind === 'refused') {
      this.#state = 'refused';
      this.#unreadFrom = undefined;
      this.#log.error(
        { ...problemFields(ending), file: this.#options.file.file },
        'plugin refused: correct its settings or its file, then reload (SIGHUP)',
      );
    } else {
      this.#pause(ending.kind === 'failed' ? problemFields(ending) : { problem: 'stopped by itself' }, ran);
    }
  }

  #pause(problem: Problem, ranMs: number): void {
    if (ranMs >= STEADY_MS) this.#backOff.reset();
    const pauseMs = this.#backOff.next();
    this.#state = 'pausing';
    this.#restartAtMs = performance.now() + pauseMs;
    this.#restartTimer = setTimeout(() => {
      this.#restarts += 1;
      this.#start();
    }, pauseMs);
    this.#restartTimer.unref();
    this.#log.error(
      { ...problem, restarts: this.#restarts, pauseMs },
      'plugin stopped; restarted after a pause',
    );
  }

  #settle(): void {
    this.#state = 'stopped';
    this.#unreadFrom = undefined;
    this.#stopped?.resolve();
  }

  /** Batches and measurements that passed while no thread read. */
  #unread(): RingPosition {
    const from = this.#unreadFrom;
    if (!from) return { batch: 0, row: 0 };
    const to = this.#newest();
    return { batch: to.batch - from.batch, row: to.row - from.row };
  }

  #newest(): RingPosition {
    const { ring } = this.#options;
    return ring === undefined ? { batch: 0, row: 0 } : positionIn(ring);
  }
}
