/**
 * Follows the stored waveforms: whatever waits in the store is analysed, in order of arrival, and leaves the queue when its incidents are stored. So a restart, a lost
 * notice or an outage of the store costs time, and no finding.
 */
import { BackOff } from '../../common/backoff.js';
import { type Clock, pause } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { WaitingWaveform } from '../../store/store.js';
import type { Share } from '../sharing/share.js';
import { type Analyses, analysesHere } from './analyses.js';
import type { EventAnalysisDeps } from './event-analysis.js';
import { Progress } from './progress.js';
import type { WaveformResult } from './results.js';

export interface FollowerOptions extends EventAnalysisDeps {
  /** left out: waveforms are read, and incidents written, by this thread */
  analyses?: Analyses;
  /** which boxes are this service's; left out: all */
  share?: Share;
  /** jobs at the same time */
  atOnce: number;
  clock: Clock;
  log: Logger;
  /** whether what takes the findings has too much to do: no job is started meanwhile */
  isBehind?(): boolean;
  /** called when the findings of a waveform are durable */
  onAnalysed(eventId: number, result: WaveformResult): void;
}

export interface FollowerStatus {
  waveforms: number;
  incidents: number;
  /** waveforms of which something was not judged */
  remarked: number;
  /** waveforms whose analysis could not be noted; tried again after an hour */
  held: number;
  /** times the store was unavailable, or the service that gives incident ids */
  failures: number;
  /** waveforms that wait, counted up to 100,000, where there is a backlog */
  backlog: number | undefined;
}

/** Looked for in the store so often; more often for a while after a notice. */
const POLL_MS = 1_000;
const WOKEN_POLL_MS = 100;
/** Replies of boxes to one event come in this time. */
const WOKEN_MS = 60_000;
const BACK_OFF = { firstMs: 250, maxMs: 10_000 };
const HELD_MS = 3_600_000;
/** Waveforms of other services' boxes wait too: read at a time, and in all. */
const SHARED = { page: 500, most: 20_000 };
/** What is tried again later: the store or the other service is not there. */
const UNAVAILABLE = new Set(['STORE_UNAVAILABLE', 'STORE_ACCESS_DENIED', 'TIMEOUT']);

interface EventJob {
  eventId: number;
  boxIds: string[];
}

export class Follower implements Running {
  readonly #options: FollowerOptions;
  readonly #analyses: Analyses;
  readonly #stopping = new AbortController();
  readonly #throttled: ThrottledLog;
  readonly #progress: Progress;
  /** waveforms that are being analysed, or held back until a time (monotonic ms) */
  readonly #busy = new Set<string>();
  readonly #held = new Map<string, number>();
  /** jobs that ended while the queue was read: what is read may be from before, though their waveforms are in it no more */
  #ended = new Set<string>();
  readonly #jobs = new Map<Promise<void>, EventJob>();
  readonly #status = { waveforms: 0, incidents: 0, remarked: 0, failures: 0 };
  #wake = new AbortController();
  #wokenMs = Number.NEGATIVE_INFINITY;
  #loop: Promise<void> = Promise.resolve();
  /** pauses while the store or the other service is unavailable: until then (monotonic ms) no job is started */
  readonly #backOff = new BackOff(BACK_OFF);
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#analyses = options.analyses ?? analysesHere(options);
    this.#throttled = new ThrottledLog(options.log, { clock: options.clock });
    this.#progress = new Progress(options.store, options.log, options.clock);
  }

  status(): FollowerStatus {
    return { ...this.#status, held: this.#held.size, backlog: this.#progress.backlog };
  }

  start(): void {
    this.#loop = this.#follow();
  }

  /** Looks into the store now, and often for a while. */
  wake(): void {
    this.#wokenMs = this.#options.clock.monotonic();
    this.#wake.abort();
  }

  /** Waits for the jobs under way; the rest stays in the queue. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#loop;
    await Promise.all(this.#jobs.keys());
  }

  /** Fulfilled when no job of these boxes is under way. No new one is started where `share` says so. */
  async settled(isOf: (boxId: string) => boolean): Promise<void> {
    const theirs = [...this.#jobs].filter(([, { boxIds }]) => boxIds.some(isOf));
    await Promise.all(theirs.map(([running]) => running));
  }

  async #follow(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopping.signal.aborted) {
      this.#wake = new AbortController();
      const started = this.#restMs() > 0 ? 0 : await this.#startJobs();
      if (this.#stopping.signal.aborted) return;
      // A job that ends wakes this loop: with all threads busy there is nothing to look for before.
      const isFull = this.#jobs.size >= this.#options.atOnce;
      const isAwake = clock.monotonic() - this.#wokenMs < WOKEN_MS;
      const idleMs = isFull ? POLL_MS : isAwake ? WOKEN_POLL_MS : POLL_MS;
      if (started === 0 || isFull) await pause(clock, Math.max(this.#restMs(), idleMs), this.#wake.signal);
    }
  }

  #restMs(): number {
    return this.#notBeforeMs - this.#options.clock.monotonic();
  }

  async #startJobs(): Promise<number> {
    const { atOnce } = this.#options;
    const { waveformsAJob } = this.#analyses;
    const free = atOnce - this.#jobs.size;
    if (free <= 0 || this.#options.isBehind?.() === true) return 0;
    this.#letGo();
    const ended = new Set<string>();
    this.#ended = ended;
    try {
      const isNew = (one: WaitingWaveform): boolean =>
        ![this.#busy, this.#held, ended].some((known) => known.has(keyOf(one)));
      const waiting = await this.#waiting(free * waveformsAJob, isNew);
      this.#progress.seen(waiting.length >= free * waveformsAJob);
      // A job may have failed meanwhile.
      if (this.#restMs() > 0) return 0;
      const jobs = jobsOf(waiting, waveformsAJob).slice(0, free);
      for (const job of jobs) this.#start(job);
      return jobs.length;
    } catch (error) {
      this.#unavailable(error);
      return 0;
    }
  }

  /** The first of those that wait for this service. @param most no more are needed */
  async #waiting(most: number, isNew: (one: WaitingWaveform) => boolean): Promise<WaitingWaveform[]> {
    const { share, store } = this.#options;
    if (share === undefined) {
      const limit = this.#busy.size + this.#held.size + most;
      return (await store.waitingWaveforms(limit)).filter(isNew);
    }
    const found: WaitingWaveform[] = [];
    // What leaves the queue meanwhile moves the rest forward: those that are skipped so are found with the next look.
    for (let skip = 0; found.length < most && skip < SHARED.most; skip += SHARED.page) {
      const page = await store.waitingWaveforms(SHARED.page, skip);
      found.push(...page.filter((one) => share.takes(one.boxId) && isNew(one)));
      if (page.length < SHARED.page) break;
    }
    return found.filter(({ boxId }) => share.takes(boxId)).slice(0, most);
  }

  #start(job: EventJob): void {
    const keys = job.boxIds.map((boxId) => keyOf({ eventId: job.eventId, boxId }));
    for (const key of keys) this.#busy.add(key);
    const running = this.#run(job).finally(() => {
      for (const key of keys) {
        this.#busy.delete(key);
        this.#ended.add(key);
      }
      this.#jobs.delete(running);
      this.#wake.abort();
    });
    this.#jobs.set(running, job);
  }

  /** @param isRetry they were tried once, and a thread ended */
  async #run({ boxIds, eventId }: EventJob, isRetry = false): Promise<void> {
    const left = new Set(boxIds);
    try {
      await this.#analyses.run(eventId, boxIds, (result) => {
        left.delete(result.boxId);
        this.#done(eventId, result);
      });
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (UNAVAILABLE.has(codeOf(error) ?? '')) return this.#unavailable(error);
      // A thread may end for a reason of its own, such as a machine short of memory.
      const helps = boxIds.length > 1 || (codeOf(error) === 'WORKER_EXITED' && !isRetry);
      if (!helps) return this.#giveUp(eventId, boxIds[0] ?? '', error);
      // One of them is at fault: each by itself.
      for (const boxId of left) await this.#run({ eventId, boxIds: [boxId] }, true);
    }
  }

  /** Notes that it cannot be analysed, and why; what cannot even be noted is held back, so that others go on. */
  async #giveUp(eventId: number, boxId: string, reason: unknown): Promise<void> {
    const { clock, log, share, store } = this.#options;
    if (share?.owns(boxId) === false) return;
    log.error({ err: reason, event_id: eventId, box_id: boxId }, 'a waveform cannot be analysed');
    const remarks = [`the analysis failed: ${messageOf(reason)}`];
    try {
      await store.apply({ kind: 'analysis', eventId, boxId, findings: [], remarks });
      this.#done(eventId, { boxId, incidents: [], added: [], remarks });
    } catch (error) {
      if (UNAVAILABLE.has(codeOf(error) ?? '')) return this.#unavailable(error);
      log.error({ err: error, event_id: eventId, box_id: boxId }, 'nor can that be stored: held back');
      this.#held.set(keyOf({ eventId, boxId }), clock.monotonic() + HELD_MS);
    }
  }

  #done(eventId: number, result: WaveformResult): void {
    // Only what was stored says that all works again: the queue can be read while writes fail.
    this.#backOff.reset();
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
    this.#status.waveforms += 1;
    this.#status.incidents += result.added.length;
    if (result.remarks.length > 0) this.#status.remarked += 1;
    this.#progress.done();
    this.#options.onAnalysed(eventId, result);
  }

  #unavailable(error: unknown): void {
    this.#status.failures += 1;
    // Jobs that fail together are one failure.
    if (this.#restMs() <= 0) this.#notBeforeMs = this.#options.clock.monotonic() + this.#backOff.next();
    if (!this.#stopping.signal.aborted)
      this.#throttled.warn(
        { err: error, code: codeOf(error) },
        'waveforms wait: they will be analysed later',
      );
  }

  #letGo(): void {
    const now = this.#options.clock.monotonic();
    for (const [key, untilMs] of this.#held) if (untilMs <= now) this.#held.delete(key);
  }
}

const keyOf = ({ boxId, eventId }: WaitingWaveform): string => `${eventId} ${boxId}`;

/** Waveforms of one event that wait one behind the other are one job. */
function jobsOf(waiting: readonly WaitingWaveform[], waveformsAJob: number): EventJob[] {
  const jobs: EventJob[] = [];
  for (const { boxId, eventId } of waiting) {
    const last = jobs.at(-1);
    if (last !== undefined && last.eventId === eventId && last.boxIds.length < waveformsAJob)
      last.boxIds.push(boxId);
    else jobs.push({ eventId, boxIds: [boxId] });
  }
  return jobs;
}
