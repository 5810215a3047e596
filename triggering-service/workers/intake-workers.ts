/** All workers of the service: together they receive its share of the stream. To the rest of the service they look like one intake. */
import type { FindingChange } from '../../common/box-findings.js';
import { MakaiError } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { TriggeringServiceSettings } from '../../config/index.js';
import type { MeasurementBatches } from '../../store/outbox/measurement-batches.js';
import { NO_REFERENCES, type ReferenceData } from '../../store/reference.js';
import { decodeWrite } from '../../store/write-codec.js';
import type { RingShare } from '../../stream/ring.js';
import type { CurveClientOptions } from '../../stream/stream-socket.js';
import type { BoxHealth } from '../box-health/record.js';
import type { BoxTotals } from '../ingest/box-table.js';
import type { IdsWithCertificate } from '../ingest/ids-with-certificate.js';
import {
  LISTED_REFUSED,
  type RefusedView,
  type StreamTotals,
  type StreamView,
  type WorkerRow,
} from '../stream-view.js';
import type { TrendOutput } from '../trends/windows.js';
import type { Count } from './control.js';
import { IntakeWorker } from './intake-worker.js';
import type { Gathered, WorkerStart } from './messages.js';
import { StreamProbe } from './stream-probe.js';
import { LISTEN_MS } from './subscription.js';

/** How long the end of the process waits for the workers' sockets. */
const CLOSE_MS = 1000;

export interface WorkersOptions {
  settings: TriggeringServiceSettings;
  curve: CurveClientOptions | undefined;
  /** ids that may send; undefined: all */
  idsWithCertificate: IdsWithCertificate | undefined;
  /** one per worker */
  rings: readonly RingShare[];
  log: Logger;
  writer: MeasurementBatches;
  trends: TrendOutput;
  location: (boxId: number) => string;
  /** there are batches in a ring */
  published: () => void;
  /** findings of boxes that began or ended */
  findings: (changes: readonly FindingChange[]) => void;
  /** a worker exited, and with it its share of the stream is lost */
  died: (error: MakaiError) => void;
  /** for tests, ms */
  listenMs?: number | undefined;
  probeEveryMs?: number | undefined;
}

export class IntakeWorkers implements StreamView, Running {
  readonly #options: WorkersOptions;
  #workers: IntakeWorker[] = [];
  #references: ReferenceData = NO_REFERENCES;
  #probe: StreamProbe | undefined;
  #unplugged: ReadonlySet<number> = new Set();
  readonly #onExit = (): void => this.#closeNow();

  constructor(options: WorkersOptions) {
    this.#options = options;
    const { idsWithCertificate: list } = options;
    list?.onChange(() => {
      for (const worker of this.#workers) worker.send({ type: 'idsWithCertificate', ids: [...list.ids] });
    });
  }

  /** What the store says of nominal voltage and frequency, from now on. */
  updateReferences(references: ReferenceData): void {
    this.#references = references;
    for (const worker of this.#workers) worker.send({ type: 'references', references });
  }

  /** Fulfilled when every worker has subscribed, or has exited. */
  async start(): Promise<void> {
    const { settings, curve, rings, log, probeEveryMs } = this.#options;
    process.once('exit', this.#onExit);
    this.#workers = rings.map((ring, worker) => this.#startWorker(ring, worker));
    this.setUnplugged(this.#unplugged);
    this.#probe = new StreamProbe({
      endpoint: settings.triggerEndpoint,
      curve,
      log,
      limit: 2 * settings.limits.boxes,
      found: (topics) => {
        for (const worker of this.#workers) worker.send({ type: 'found', topics });
      },
      ...(probeEveryMs === undefined ? {} : { everyMs: probeEveryMs }),
    });
    await Promise.all(this.#workers.map(({ listening }) => listening));
  }

  get totals(): StreamTotals {
    return { messages: this.#sum('messages'), bytes: this.#sum('bytes'), accepted: this.#sum('accepted') };
  }

  get known(): number {
    return this.#sum('boxes');
  }

  /** Measurements that did not reach the writer, because it was too far behind. */
  get lost(): number {
    return this.#sum('lost');
  }

  heardSince(ms: number): number {
    let count = 0;
    for (const { heardMs } of this.boxes()) if (heardMs >= ms) count += 1;
    return count;
  }

  *boxes(): Generator<BoxTotals> {
    for (const worker of this.#workers) yield* worker.boxes();
  }

  dropped(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const { dropped } of this.#workers)
      for (const [reason, count] of Object.entries(dropped)) all[reason] = (all[reason] ?? 0) + count;
    const { lost } = this;
    return lost === 0 ? all : { ...all, store_too_slow: lost };
  }

  refused(): RefusedView {
    const all: RefusedView = { known: 0, forgotten: 0, newest: [] };
    for (const { refused } of this.#workers) {
      all.known += refused.known;
      all.forgotten += refused.forgotten;
      all.newest.push(...refused.newest);
    }
    all.newest.sort((a, b) => b.last_ms - a.last_ms).splice(LISTED_REFUSED);
    return all;
  }

  workers(): WorkerRow[] {
    return this.#workers.map(({ control }, i) => ({
      worker: i + 1,
      boxes: control.get('boxes'),
      messages: control.get('messages'),
      measurements: control.get('accepted'),
      foreign: control.get('foreign'),
      subscriptions: control.get('subscriptions'),
    }));
  }

  get withheld(): number {
    return this.#sum('withheld');
  }

  async health(boxId?: number): Promise<BoxHealth[]> {
    return (await Promise.all(this.#workers.map((worker) => worker.health(boxId)))).flat();
  }

  /** Boxes whose records say that they are not in use. */
  setUnplugged(ids: ReadonlySet<number>): void {
    this.#unplugged = ids;
    for (const worker of this.#workers) worker.send({ type: 'unplugged', ids: [...ids] });
  }

  /** Fulfilled once everything received has been handed over. @throws AggregateError of workers that did not end */
  async stop(): Promise<void> {
    await this.#probe?.stop();
    const ends = await Promise.allSettled(this.#workers.map((worker) => worker.stop()));
    process.off('exit', this.#onExit);
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    if (failures.length > 0) throw new AggregateError(failures, 'workers did not stop');
  }

  #startWorker(ring: RingShare, worker: number): IntakeWorker {
    const {
      curve,
      idsWithCertificate,
      listenMs = LISTEN_MS,
      location,
      log,
      published,
      rings,
    } = this.#options;
    const { settings, trends } = this.#options;
    const { flags, limits, reference, share, trendWindowMs, triggerEndpoint } = settings;
    const { of, index, block } = share;
    const start: Omit<WorkerStart, 'control'> = {
      settings: { flags, limits, trendWindowMs, triggerEndpoint },
      reference,
      references: this.#references,
      curve,
      owner: { of, index: index - 1, workers: rings.length, worker, block },
      ring,
      listenMs,
      idsWithCertificate: idsWithCertificate && [...idsWithCertificate.ids],
    };
    return new IntakeWorker(`worker ${worker + 1}`, start, log.child({ worker: worker + 1 }), {
      published,
      measurements: (gathered, settled) => this.#store(gathered, settled),
      trends: (closed, fromStore) => {
        for (const { trend, of } of closed) trends.closed({ ...trend, location: location(of.boxId) }, of);
        for (const of of fromStore) trends.fromStore(of);
      },
      findings: (changes) => this.#options.findings(changes),
      died: (problem) => this.#died(worker, problem),
    });
  }

  /** A thread must not be ended while its socket is open; the end of the process ends all threads. */
  #closeNow(): void {
    const until = performance.now() + CLOSE_MS;
    for (const worker of this.#workers) worker.send({ type: 'close' });
    for (const worker of this.#workers) worker.waitClosed(Math.max(0, until - performance.now()));
  }

  #store({ write }: Gathered, settled: () => void): void {
    const decoded = decodeWrite(write);
    if (decoded.kind === 'measurements') this.#options.writer.push(decoded, settled);
  }

  #died(worker: number, problem: string): void {
    this.#options.died(
      new MakaiError('WORKER_EXITED', `worker ${worker + 1} of the triggering service exited: ${problem}`, {
        hint: 'The service exits, so that its supervisor restarts it. Report this with the log.',
      }),
    );
  }

  #sum(count: Count): number {
    return this.#workers.reduce((sum, { control }) => sum + control.get(count), 0);
  }
}
