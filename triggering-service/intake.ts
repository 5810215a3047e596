/** What one thread does with the stream that comes to it: judge, decode into its ring, sum up trends. In the main thread, or in a worker. */
import type { Rejections } from '../common/rejections.js';
import type { TriggeringServiceConfig } from '../config/index.js';
import type { RingShare } from '../stream/ring.js';
import { BoxTable } from './ingest/box-table.js';
import type { CertifiedIds } from './ingest/certified-ids.js';
import { type Batch, Ingest } from './ingest/ingest.js';
import { Judge } from './ingest/judge.js';
import type { RefusedIds } from './ingest/refused-ids.js';
import { type TrendOutput, TrendWindows } from './trends/windows.js';

/** A box silent for so long is forgotten; its next measurement makes it known again. */
const FORGET_MS = 24 * 3_600_000;
const SWEEP_MS = 60_000;
/** How often windows of trends are looked at. */
const LOOK_MS = 1000;

export interface IntakeOptions {
  config: Pick<TriggeringServiceConfig, 'limits' | 'mongo_trends_update_interval_seconds'>;
  ring: RingShare;
  rejections: Rejections;
  refusedIds: RefusedIds;
  /** ids that may send; undefined: all */
  certified?: Pick<CertifiedIds, 'has'> | undefined;
  trends: TrendOutput;
  location: (boxId: number) => string;
  /** a batch that the ring's readers can see; valid during the call */
  onBatch: (batch: Batch) => void;
  /** after each look at the windows of trends */
  looked?: () => void;
}

export class Intake {
  readonly boxes: BoxTable;
  readonly ingest: Ingest;
  readonly rejections: Rejections;
  readonly refusedIds: RefusedIds;
  readonly #windows: TrendWindows;
  readonly #timers: NodeJS.Timeout[];

  constructor(options: IntakeOptions) {
    const { config, ring, rejections, refusedIds, certified, trends, location, onBatch, looked } = options;
    const { limits, mongo_trends_update_interval_seconds: seconds } = config;
    this.rejections = rejections;
    this.refusedIds = refusedIds;
    this.boxes = new BoxTable(limits.boxes, {
      perSecond: limits.measurements_per_second,
      burst: limits.measurements_burst,
    });
    this.#windows = new TrendWindows(1000 * seconds, trends, location);
    const judge = new Judge({
      boxes: this.boxes,
      rejections,
      refusedIds,
      certified,
      maxBytes: limits.message_bytes,
    });
    this.ingest = new Ingest(ring, judge, (batch) => {
      onBatch(batch);
      this.#windows.add(batch, performance.now());
    });
    const look = setInterval(() => {
      this.#windows.closeDue(performance.now());
      looked?.();
    }, LOOK_MS);
    const sweep = setInterval(
      () => this.boxes.forget(Date.now() - FORGET_MS, (slot) => this.#windows.forget(slot)),
      SWEEP_MS,
    );
    this.#timers = [look, sweep];
    for (const timer of this.#timers) timer.unref();
  }

  /** Hands over what there is: the last batch and every window, whole or not. Nothing may come after. */
  handOver(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.ingest.stop();
    this.#windows.closeAll();
  }
}
