/**
 * From messages to batches: each message is judged and decoded once, straight into the ring that the plugins read; a batch goes to
 * all who want it as soon as the socket is drained, but not more often than every few ms, and when it is full.
 */
import type { MeasurementColumns } from '../../proto/columns.js';
import { type RingShare, RingWriter } from '../plugin-host/ring.js';
import type { Judge } from './judge.js';

/** Least time between two batches that are not full, ms. It bounds what a batch costs; a measurement waits no longer than this. */
export const BATCH_PAUSE_MS = 4;

/** Rows `from` to `to - 1` of the ring's columns, valid during the call it is given to. */
export interface Batch {
  columns: MeasurementColumns;
  from: number;
  to: number;
  /** for each row of the columns the slot of its box */
  slots: Uint32Array;
}

export class Ingest {
  readonly writer: RingWriter;
  readonly #judge: Judge;
  readonly #slots: Uint32Array;
  readonly #onBatch: (batch: Batch) => void;
  readonly #wallClock: () => number;
  #due: NodeJS.Immediate | NodeJS.Timeout | undefined;
  #flushedMs = 0;
  #messages = 0;
  #bytes = 0;
  #taken = 0;

  /** @param onBatch called with each batch, after the ring's readers can see it */
  constructor(
    ring: RingShare,
    judge: Judge,
    onBatch: (batch: Batch) => void,
    wallClock: () => number = Date.now,
  ) {
    this.writer = new RingWriter(ring);
    this.#judge = judge;
    this.#slots = new Uint32Array(ring.rows);
    this.#onBatch = onBatch;
    this.#wallClock = wallClock;
    this.#setTime();
  }

  /** Messages and bytes received, and measurements taken, since the start. */
  get totals(): { messages: number; bytes: number; taken: number } {
    return { messages: this.#messages, bytes: this.#bytes, taken: this.#taken };
  }

  /** Takes one message of the stream. Never throws for what a peer sent. */
  take(parts: readonly Uint8Array[]): void {
    const { writer } = this;
    this.#messages += 1;
    for (const part of parts) this.#bytes += part.length;
    if (this.#due === undefined) {
      this.#setTime();
      this.#due = setImmediate(this.#drained);
    }
    const row = writer.at;
    const slot = this.#judge.take(parts, writer.columns, row);
    if (slot < 0) return;
    this.#slots[row] = slot;
    writer.at = row + 1;
    if (writer.full) this.flush();
  }

  /** Hands over what there is. */
  flush(): void {
    const { writer } = this;
    const { columns, start, at } = writer;
    this.#setTime();
    if (at === start) return;
    this.#flushedMs = performance.now();
    this.#taken += at - start;
    writer.publish();
    this.#onBatch({ columns, from: start, to: at, slots: this.#slots });
  }

  stop(): void {
    if (this.#due !== undefined) {
      clearImmediate(this.#due as NodeJS.Immediate);
      clearTimeout(this.#due as NodeJS.Timeout);
      this.#due = undefined;
    }
    this.flush();
  }

  /** Runs when the messages that were there have been taken: receiving them needs no turn of the event loop. */
  #drained = (): void => {
    const wait = this.#flushedMs + BATCH_PAUSE_MS - performance.now();
    if (wait <= 0) this.#finish();
    else this.#due = setTimeout(this.#finish, wait);
  };

  #finish = (): void => {
    this.#due = undefined;
    this.flush();
  };

  #setTime(): void {
    this.#judge.setTime(this.#wallClock(), performance.now());
  }
}
