/** All workers of the service: together they take in its share of the stream, and look like one intake to the rest of it. */
import { MakaiError } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { TriggeringServiceConfig } from '../../config/index.js';
import { columnsOver } from '../../proto/columns.js';
import type { RingShare } from '../../stream/ring.js';
import type { CurveClientOptions } from '../../stream/stream-socket.js';
import type { BoxTotals } from '../ingest/box-table.js';
import type { CertifiedIds } from '../ingest/certified-ids.js';
import type { MeasurementWriter } from '../measurement-writer.js';
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
import { Scout } from './scout.js';
import { LISTEN_MS } from './subscription.js';

/** How long the end of the process waits for the workers' sockets. */
const CLOSE_MS = 1000;

export interface WorkersOptions {
  config: TriggeringServiceConfig;
  curve: CurveClientOptions | undefined;
  /** ids that may send; undefined: all */
  certified: CertifiedIds | undefined;
  /** one a worker */
  rings: readonly RingShare[];
  log: Logger;
  writer: MeasurementWriter;
  trends: TrendOutput;
  location: (boxId: number) => string;
  /** there are batches in a ring */
  published: () => void;
  /** a worker ended, and with it its share of the stream */
  died: (error: MakaiError) => void;
  /** for tests, ms */
  listenMs?: number | undefined;
  scoutEveryMs?: number | undefined;
}

export class IntakeWorkers implements StreamView, Running {
  readonly #options: WorkersOptions;
  #workers: IntakeWorker[] = [];
  #scout: Scout | undefined;
  readonly #onExit = (): void => this.#closeNow();

  constructor(options: WorkersOptions) {
    this.#options = options;
    options.certified?.onChange(() => {
      const ids = [...(options.certified?.ids ?? [])];
      for (const worker of this.#workers) worker.send({ type: 'certified', ids });
    });
  }

  /** Fulfilled when every worker has subscribed, or has ended. */
  async start(): Promise<void> {
    const { config, curve, rings, log, scoutEveryMs } = this.#options;
    process.once('exit', this.#onExit);
    this.#workers = rings.map((ring, worker) => this.#startWorker(ring, worker));
    this.#scout = new Scout({
      endpoint: config.zmq_trigger_endpoint,
      curve,
      log,
      limit: 2 * config.limits.boxes,
      heard: (topics) => {
        for (const worker of this.#workers) worker.send({ type: 'heard', topics });
      },
      ...(scoutEveryMs === undefined ? {} : { everyMs: scoutEveryMs }),
    });
    await Promise.all(this.#workers.map(({ listening }) => listening));
  }

  get totals(): StreamTotals {
    return { messages: this.#sum('messages'), bytes: this.#sum('bytes'), taken: this.#sum('taken') };
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
    return lost === 0 ? all : { ...all, 'store too far behind': lost };
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
      measurements: control.get('taken'),
      foreign: control.get('foreign'),
      subscriptions: control.get('subscriptions'),
    }));
  }

  /** What came in has been handed over when this is fulfilled. @throws AggregateError of workers that did not end */
  async stop(): Promise<void> {
    await this.#scout?.stop();
    const ends = await Promise.allSettled(this.#workers.map((worker) => worker.stop()));
    process.off('exit', this.#onExit);
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    if (failures.length > 0) throw new AggregateError(failures, 'workers did not stop');
  }

  #startWorker(ring: RingShare, worker: number): IntakeWorker {
    const { config, curve, rings, log, trends, location, published, listenMs = LISTEN_MS } = this.#options;
    const { share, limits, batch, mongo_trends_update_interval_seconds, zmq_trigger_endpoint } = config;
    const { of, index, block } = share;
    const start: Omit<WorkerStart, 'control'> = {
      config: { limits, batch, mongo_trends_update_interval_seconds, zmq_trigger_endpoint },
      curve,
      owner: { of, index: index - 1, workers: rings.length, worker, block },
      ring,
      listenMs,
      certified: this.#options.certified && [...this.#options.certified.ids],
    };
    return new IntakeWorker(`worker ${worker + 1}`, start, log.child({ worker: worker + 1 }), {
      published,
      measurements: (gathered, giveBack) => this.#store(gathered, giveBack),
      trends: (closed, fromStore) => {
        for (const { trend, of } of closed) trends.closed({ ...trend, location: location(of.boxId) }, of);
        for (const of of fromStore) trends.fromStore(of);
      },
      died: (problem) => this.#died(worker, problem),
    });
  }

  /** A thread must not be ended while its socket is open; the end of the process ends all threads. */
  #closeNow(): void {
    const until = performance.now() + CLOSE_MS;
    for (const worker of this.#workers) worker.send({ type: 'close' });
    for (const worker of this.#workers) worker.waitClosed(Math.max(0, until - performance.now()));
  }

  #store({ buffer, capacity, count, acceptedAtMs }: Gathered, giveBack: () => void): void {
    const columns = columnsOver(buffer, capacity);
    columns.count = count;
    this.#options.writer.take(columns, acceptedAtMs, giveBack);
  }

  #died(worker: number, problem: string): void {
    this.#options.died(
      new MakaiError('WORKER_ENDED', `worker ${worker + 1} of the triggering service ended: ${problem}`, {
        hint: 'The service ends, so that its supervisor starts it anew. Report this with the log.',
      }),
    );
  }

  #sum(count: Count): number {
    return this.#workers.reduce((sum, { control }) => sum + control.get(count), 0);
  }
}
