/**
 * What the service does with the stream that it receives. Each message is validated and decoded once, straight into the ring that the
 * plugins read. A batch goes to all who want it as soon as the socket is drained, but in the long run not more often than every few ms,
 * and when it is full.
 */
import { type Clock, systemClock } from '../../common/clock.js';
import type { Rejections } from '../../common/rejections.js';
import type { TriggeringServiceSettings } from '../../config/index.js';
import { copyRows, createColumns, type Rows } from '../../proto/columns.js';
import type { References } from '../../store/reference.js';
import { Flagger } from '../../stream/flags.js';
import { MAX_BATCH, type RingShare, RingWriter } from '../../stream/ring.js';
import { StreamHealth, type StreamHealthOptions } from '../box-health/stream-health.js';
import { type TrendOutput, TrendWindows } from '../trends/windows.js';
import { BoxTable } from './box-table.js';
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
/** How often trend windows are checked for being due, and a part of the boxes is looked at. */
const SECOND_MS = 1000;

export interface IntakeOptions {
  settings: Pick<TriggeringServiceSettings, 'flags' | 'limits' | 'trendWindowMs'>;
  /** what flags are relative to */
  references: References;
  ring: RingShare;
  rejections: Rejections;
  refusedIds: RefusedIds;
  /** ids that may send, as they are at each message; undefined: all */
  knownIds?: ReadonlySet<number> | undefined;
  trends: TrendOutput;
  location: (boxId: number) => string;
  /** the ring's readers; woken when there is a batch */
  readers: { wake(): void };
  /** gets the rows of each batch, valid during the call */
  writer: { add(rows: Rows): void };
  /** findings of boxes, and what their records say */
  boxHealth: Pick<StreamHealthOptions, 'changed' | 'isUnplugged'>;
  /** gets the rows of each batch that plugins see, and for each row when it was received, Unix ms; valid during the call */
  seen?: ((rows: Rows, received: Float64Array) => void) | undefined;
  /** whenever everything that was received before has been handed over */
  flushed?: (() => void) | undefined;
  clock?: Clock;
}

export class Intake {
  readonly boxes: BoxTable;
  readonly health: StreamHealth;
  readonly rejections: Rejections;
  readonly refusedIds: RefusedIds;
  readonly #validator: MeasurementValidator;
  readonly #flagger: Flagger;
  readonly #windows: TrendWindows;
  readonly #ring: RingWriter;
  /** for each row of the ring the slot of its box */
  readonly #slots: Uint32Array;
  /** measurements for the store that plugins must not see, beside the ring, and the slots of their boxes */
  readonly #withheld = createColumns(MAX_BATCH);
  readonly #withheldSlots = new Uint32Array(MAX_BATCH);
  readonly #readers: { wake(): void };
  readonly #writer: { add(rows: Rows): void };
  readonly #clock: Clock;
  readonly #timers: NodeJS.Timeout[];
  readonly #flushed: () => void;
  readonly #seen: IntakeOptions['seen'];
  /** for each row of the ring when it was received; none where nobody wants to know */
  readonly #received: Float64Array;
  /** when the message was received elsewhere */
  readonly #elsewhere = { ms: 0, now: () => this.#elsewhere.ms, monotonic: () => this.#elsewhere.ms };
  /** cancels the flush that is due; undefined when none is */
  #cancel: (() => void) | undefined;
  /** when the next batch that is not full may go out, ms of the monotonic clock */
  #nextMs = 0;
  #messages = 0;
  #bytes = 0;
  #accepted = 0;

  constructor(options: IntakeOptions) {
    const { clock = systemClock, location, ring, settings, trends } = options;
    const { limits, trendWindowMs } = settings;
    this.rejections = options.rejections;
    this.refusedIds = options.refusedIds;
    this.boxes = new BoxTable(limits.boxes, {
      perSecond: limits.measurementsPerSecond,
      burst: limits.measurementsBurst,
    });
    this.health = new StreamHealth({ clock, ...options.boxHealth });
    this.#validator = new MeasurementValidator({
      boxes: this.boxes,
      health: this.health,
      rejections: this.rejections,
      refusedIds: this.refusedIds,
      knownIds: options.knownIds,
    });
    this.#flagger = new Flagger(options.references, settings.flags);
    this.#windows = new TrendWindows(trendWindowMs, trends, location);
    this.#ring = new RingWriter(ring);
    this.#slots = new Uint32Array(ring.rows);
    this.#readers = options.readers;
    this.#writer = options.writer;
    this.#clock = clock;
    this.#seen = options.seen;
    this.#received = new Float64Array(options.seen === undefined ? 0 : ring.rows);
    this.#flushed = options.flushed ?? (() => undefined);
    this.#validator.setTime(clock);
    const everySecond = (): void => {
      this.#windows.closeDue(clock.monotonic());
      this.health.evaluate();
    };
    const sweep = (): void => this.boxes.forget(clock.now() - FORGET_MS, this.#forgotten);
    this.#timers = [setInterval(everySecond, SECOND_MS), setInterval(sweep, SWEEP_MS)];
    for (const timer of this.#timers) timer.unref();
  }

  /** Messages and bytes received, and measurements accepted, since the start. */
  get totals(): { messages: number; bytes: number; accepted: number } {
    return { messages: this.#messages, bytes: this.#bytes, accepted: this.#accepted };
  }

  /** Accepts or drops one message of the stream. Never throws for what a peer sent. */
  receive(frames: readonly Uint8Array[]): void {
    if (this.#cancel === undefined) this.#validator.setTime(this.#clock);
    this.#accept(frames);
  }

  /** The same for a message that was received elsewhere and may have waited: its time and the rate of its box are judged by when that was, Unix ms. */
  receiveAt(ms: number, frames: readonly Uint8Array[]): void {
    this.#elsewhere.ms = ms;
    this.#validator.setTime(this.#elsewhere);
    this.#accept(frames);
  }

  /** Forgets boxes whose measurements come to another service from now on. */
  forget(isGone: (boxId: number) => boolean): void {
    this.#flush();
    this.boxes.remove(isGone, this.#forgotten);
  }

  #accept(frames: readonly Uint8Array[]): void {
    this.#messages += 1;
    for (const frame of frames) this.#bytes += frame.length;
    if (this.#cancel === undefined) {
      const due = setImmediate(this.#drained);
      this.#cancel = () => clearImmediate(due);
    }
    const ring = this.#ring;
    const row = ring.at;
    const slot = this.#validator.accept(frames, ring.columns, row);
    if (slot < 0) return;
    this.#flagger.judge(ring.columns, row, slot);
    if (!this.health.note(slot, ring.columns, row, this.#validator.nowMs)) {
      this.#withhold(slot, row);
      return;
    }
    this.#slots[row] = slot;
    if (this.#seen !== undefined) this.#received[row] = this.#validator.nowMs;
    ring.at = row + 1;
    if (ring.full) this.#flush();
  }

  /** Hands over the last batch and every trend window, complete or not. Nothing may be received after this. */
  finish(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#cancel?.();
    this.#cancel = undefined;
    this.#flush();
    this.#windows.closeAll();
  }

  readonly #forgotten = (slot: number): void => {
    this.#windows.forget(slot);
    this.health.forget(slot);
    this.#flagger.forget(slot);
  };

  #flush(): void {
    this.#handOver();
    this.#flushed();
  }

  #handOver(): void {
    const { columns, start, at } = this.#ring;
    this.#validator.setTime(this.#clock);
    this.#flushWithheld();
    if (at === start) return;
    const now = this.#clock.monotonic();
    const earliest = now - (BATCH_BURST - 1) * BATCH_PAUSE_MS;
    this.#nextMs = Math.min(Math.max(this.#nextMs, earliest), now) + BATCH_PAUSE_MS;
    this.#accepted += at - start;
    this.#ring.publish();
    this.#readers.wake();
    const rows: Rows = { columns, from: start, to: at };
    this.#seen?.(rows, this.#received);
    this.#writer.add(rows);
    this.#windows.add(rows, this.#slots, now);
  }

  /** Takes the measurement in row `row` out of the ring: it is stored like any other. */
  #withhold(slot: number, row: number): void {
    const { count } = this.#withheld;
    copyRows(this.#ring.columns, row, row + 1, this.#withheld, count);
    this.#withheldSlots[count] = slot;
    this.#withheld.count = count + 1;
    if (this.#withheld.count >= MAX_BATCH) this.#flushWithheld();
  }

  #flushWithheld(): void {
    const { count } = this.#withheld;
    if (count === 0) return;
    const rows: Rows = { columns: this.#withheld, from: 0, to: count };
    this.#accepted += count;
    this.#writer.add(rows);
    this.#windows.add(rows, this.#withheldSlots, this.#clock.monotonic());
    this.#withheld.count = 0;
  }

  /** Runs when all messages that were waiting have been received: receiving them needs no turn of the event loop. */
  #drained = (): void => {
    const wait = this.#nextMs - this.#clock.monotonic();
    if (wait <= 0) this.#flushDue();
    else this.#cancel = this.#clock.after(Math.ceil(wait), this.#flushDue); // timers round down
  };

  #flushDue = (): void => {
    this.#cancel = undefined;
    this.#flush();
  };
}
