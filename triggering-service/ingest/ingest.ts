/**
 * From messages to batches: each message is judged and decoded once, straight into the ring that the plugins read; a batch goes to
 * all who want it as soon as the socket is drained, but in the long run not more often than every few ms, and when it is full.
 */
import type { MeasurementColumns } from '../../proto/columns.js';
import { type RingShare, RingWriter } from '../../stream/ring.js';
import type { Judge } from './judge.js';

/**
 * Time between two batches that are not full, ms, in the long run. It bounds what batches cost; a measurement waits no longer than this.
 * After a quiet time some may follow each other at once: where few measurements come, none waits.
 */
export const BATCH_PAUSE_MS = 4;
const BATCHES_AT_ONCE = 8;

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
  /** prevents the handing over that is due; undefined when none is */
  #cancel: (() => void) | undefined;
  /** when the next batch that is not full may go out */
  #nextMs = 0;
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
    if (this.#cancel === undefined) {
      this.#setTime();
      const due = setImmediate(this.#drained);
      this.#cancel = () => clearImmediate(due);
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
    const now = performance.now();
    const earliest = now - (BATCHES_AT_ONCE - 1) * BATCH_PAUSE_MS;
    this.#nextMs = Math.min(Math.max(this.#nextMs, earliest), now) + BATCH_PAUSE_MS;
    this.#taken += at - start;
    writer.publish();
    this.#onBatch({ columns, from: start, to: at, slots: this.#slots });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.flush();
  }

  /** Runs when the messages that were there have been taken: receiving them needs no turn of the event loop. */
  #drained = (): void => {
    const wait = this.#nextMs - performance.now();
    if (wait <= 0) this.#finish();
    else {
      const due = setTimeout(this.#finish, Math.ceil(wait)); // a timer cuts fractions off
      this.#cancel = () => clearTimeout(due);
    }
  };

  #finish = (): void => {
    this.#cancel = undefined;
    this.flush();
  };

  #setTime(): void {
    this.#judge.setTime(this.#wallClock(), performance.now());
  }
}
