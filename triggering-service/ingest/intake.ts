/**
 * What one thread does with the stream that it receives, in the main thread or in a worker. Each message is validated and decoded once,
 * straight into the ring that the plugins read. A batch goes to all who want it as soon as the socket is drained, but in the long run not
 * more often than every few ms, and when it is full.
 */
import { type Clock, systemClock } from '../../common/clock.js';
import type { Rejections } from '../../common/rejections.js';
import type { TriggeringServiceSettings } from '../../config/index.js';
import type { Batch } from '../../stream/batch.js';
import { type RingShare, RingWriter } from '../../stream/ring.js';
import { type TrendOutput, TrendWindows } from '../trends/windows.js';
import { BoxTable } from './box-table.js';
import type { IdsWithCertificate } from './ids-with-certificate.js';
import { MeasurementValidator } from './measurement-validator.js';
import type { RefusedIds } from './refused-ids.js';

/**
 * Time between two batches that are not full, ms, in the long run. It bounds what batches cost; a measurement waits no longer than this.
 * After a quiet time some may follow each other immediately, so that a slow stream is not delayed.
 */
export const BATCH_PAUSE_MS = 4;
const BATCH_BURST = 8;

/** A box silent for so long is forgotten; its next measurement adds it again. */
const FORGET_MS = 24 * 3_600_000;
const SWEEP_MS = 60_000;
/** How often trend windows are checked for being due. */
const TRENDS_MS = 1000;

export interface IntakeOptions {
  settings: Pick<TriggeringServiceSettings, 'limits' | 'trendWindowMs'>;
  ring: RingShare;
  rejections: Rejections;
  refusedIds: RefusedIds;
  /** ids that may send; undefined: all */
  idsWithCertificate?: Pick<IdsWithCertificate, 'has'> | undefined;
  trends: TrendOutput;
  location: (boxId: number) => string;
  /** a batch that the ring's readers can see; valid during the call */
  onBatch: (batch: Batch) => void;
  /** after each check of the trend windows */
  trendsChecked?: () => void;
  clock?: Clock;
}

export class Intake {
  readonly boxes: BoxTable;
  readonly rejections: Rejections;
  readonly refusedIds: RefusedIds;
  readonly #validator: MeasurementValidator;
  readonly #windows: TrendWindows;
  readonly #writer: RingWriter;
  /** for each row of the ring the slot of its box */
  readonly #slots: Uint32Array;
  readonly #onBatch: (batch: Batch) => void;
  readonly #clock: Clock;
  readonly #timers: NodeJS.Timeout[];
  /** cancels the flush that is due; undefined when none is */
  #cancel: (() => void) | undefined;
  /** when the next batch that is not full may go out, ms of the monotonic clock */
  #nextMs = 0;
  #messages = 0;
  #bytes = 0;
  #accepted = 0;

  constructor(options: IntakeOptions) {
    const { clock = systemClock, location, onBatch, ring, settings, trends, trendsChecked } = options;
    const { limits, trendWindowMs } = settings;
    this.rejections = options.rejections;
    this.refusedIds = options.refusedIds;
    this.boxes = new BoxTable(limits.boxes, {
      perSecond: limits.measurementsPerSecond,
      burst: limits.measurementsBurst,
    });
    this.#validator = new MeasurementValidator({
      boxes: this.boxes,
      rejections: this.rejections,
      refusedIds: this.refusedIds,
      idsWithCertificate: options.idsWithCertificate,
    });
    this.#windows = new TrendWindows(trendWindowMs, trends, location);
    this.#writer = new RingWriter(ring);
    this.#slots = new Uint32Array(ring.rows);
    this.#onBatch = onBatch;
    this.#clock = clock;
    this.#validator.setTime(clock);
    const checkTrends = (): void => {
      this.#windows.closeDue(clock.monotonic());
      trendsChecked?.();
    };
    const sweep = (): void =>
      this.boxes.forget(clock.now() - FORGET_MS, (slot) => this.#windows.forget(slot));
    this.#timers = [setInterval(checkTrends, TRENDS_MS), setInterval(sweep, SWEEP_MS)];
    for (const timer of this.#timers) timer.unref();
  }

  /** Messages and bytes received, and measurements accepted, since the start. */
  get totals(): { messages: number; bytes: number; accepted: number } {
    return { messages: this.#messages, bytes: this.#bytes, accepted: this.#accepted };
  }

  /** Accepts or drops one message of the stream. Never throws for what a peer sent. */
  receive(frames: readonly Uint8Array[]): void {
    this.#messages += 1;
    for (const frame of frames) this.#bytes += frame.length;
    if (this.#cancel === undefined) {
      this.#validator.setTime(this.#clock);
      const due = setImmediate(this.#drained);
      this.#cancel = () => clearImmediate(due);
    }
    const writer = this.#writer;
    const row = writer.at;
    const slot = this.#validator.accept(frames, writer.columns, row);
    if (slot < 0) return;
    this.#slots[row] = slot;
    writer.at = row + 1;
    if (writer.full) this.#flush();
  }

  /** Hands over the last batch and every trend window, complete or not. Nothing may be received after this. */
  finish(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#cancel?.();
    this.#cancel = undefined;
    this.#flush();
    this.#windows.closeAll();
  }

  #flush(): void {
    const { columns, start, at } = this.#writer;
    this.#validator.setTime(this.#clock);
    if (at === start) return;
    const now = this.#clock.monotonic();
    const earliest = now - (BATCH_BURST - 1) * BATCH_PAUSE_MS;
    this.#nextMs = Math.min(Math.max(this.#nextMs, earliest), now) + BATCH_PAUSE_MS;
    this.#accepted += at - start;
    this.#writer.publish();
    const batch: Batch = { columns, from: start, to: at, slots: this.#slots };
    this.#onBatch(batch);
    this.#windows.add(batch, now);
  }

  /** Runs when all messages that were waiting have been received: receiving them needs no turn of the event loop. */
  #drained = (): void => {
    const wait = this.#nextMs - this.#clock.monotonic();
    if (wait <= 0) this.#finish();
    else this.#cancel = this.#clock.after(Math.ceil(wait), this.#finish); // timers round down
  };

  #finish = (): void => {
    this.#cancel = undefined;
    this.#flush();
  };
}
