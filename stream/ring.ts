/**
 * The ring between the thread that receives measurements and the plugins: one writer, many readers (one thread per plugin), no locks.
 * Measurements are in columns over a SharedArrayBuffer; a batch is a range of consecutive rows. The writer never waits: it overwrites the
 * oldest rows. A reader copies a batch out and only then checks whether the writer has overwritten it meanwhile (a sequence lock); what it
 * lost in this way is counted. So a plugin sees a private copy, and nothing that it does to it affects others.
 *
 * Rows and batches are numbered from the start without end; row `r` is at `r % rows`. Only the batch that is being filled may be
 * written: rows from its start to `reserved`.
 */
import { columnsBytes, columnsOver, copyRows, type MeasurementColumns } from '../proto/columns.js';

/** Max measurements in a batch: as many as fit the 64 KiB that a WebAssembly plugin is given. */
export const MAX_BATCH = 1024;

/** What a reader needs; it can be sent to a worker. */
export interface RingShare {
  rows: number;
  batches: number;
  columns: SharedArrayBuffer;
  /** two 64-bit words: HEAD and RESERVED */
  words: SharedArrayBuffer;
  /** for each batch: first row and number of rows, as doubles */
  descriptors: SharedArrayBuffer;
}

const HEAD = 0;
const RESERVED = 1;
const PER_BATCH = 2;

/** Allocates a ring. `rows` is a multiple of MAX_BATCH and at least two of them. */
export function createRing(rows: number, batches: number): RingShare {
  if (rows % MAX_BATCH !== 0 || rows < 2 * MAX_BATCH || batches < 2) {
    throw new RangeError(`a ring of ${rows} rows and ${batches} batches`);
  }
  return {
    rows,
    batches,
    columns: new SharedArrayBuffer(columnsBytes(rows)),
    words: new SharedArrayBuffer(16),
    descriptors: new SharedArrayBuffer(8 * PER_BATCH * batches),
  };
}

/** The one writer. */
export class RingWriter {
  /** columns of the whole ring */
  readonly columns: MeasurementColumns;
  /** row in `columns` at which the batch begins that is being filled */
  start = 0;
  /** row in `columns` for the next measurement */
  at = 0;
  readonly #share: RingShare;
  readonly #words: BigInt64Array;
  readonly #descriptors: Float64Array;
  #startRow = 0;
  #head = 0;

  constructor(share: RingShare) {
    this.#share = share;
    this.columns = columnsOver(share.columns, share.rows);
    this.#words = new BigInt64Array(share.words);
    this.#descriptors = new Float64Array(share.descriptors);
    Atomics.store(this.#words, RESERVED, BigInt(MAX_BATCH));
  }

  /** Measurements in the batch that is being filled. */
  get count(): number {
    return this.at - this.start;
  }

  /** True when the batch must be published before the next measurement is written. */
  get full(): boolean {
    return this.at - this.start >= MAX_BATCH || this.at >= this.#share.rows;
  }

  /** The position of a reader that is to see what is published from now on. */
  get position(): RingPosition {
    return { batch: this.#head, row: this.#startRow };
  }

  /** Hands the batch to the readers and begins the next one behind it. */
  publish(): void {
    const { batches, rows } = this.#share;
    const count = this.count;
    if (count === 0) return;
    const slot = PER_BATCH * (this.#head % batches);
    this.#descriptors[slot] = this.#startRow;
    this.#descriptors[slot + 1] = count;
    this.#head += 1;
    this.#startRow += count;
    Atomics.store(this.#words, HEAD, BigInt(this.#head));
    Atomics.store(this.#words, RESERVED, BigInt(this.#startRow + MAX_BATCH));
    if (this.at >= rows) this.at = 0;
    this.start = this.at;
  }
}

/** A batch and its first row, both counted from the start of the ring. */
export interface RingPosition {
  batch: number;
  row: number;
}

/** What a reader has lost because it was slower than the stream. */
export interface RingLoss {
  batches: number;
  measurements: number;
}

/** The position of a reader that is to see what is published from now on. For any thread. */
export function positionIn({ batches, words, descriptors }: RingShare): RingPosition {
  const heads = new BigInt64Array(words);
  const batch = new Float64Array(descriptors);
  for (;;) {
    const head = Number(Atomics.load(heads, HEAD));
    if (head === 0) return { batch: 0, row: 0 };
    const slot = PER_BATCH * ((head - 1) % batches);
    const row = (batch[slot] ?? 0) + (batch[slot + 1] ?? 0);
    // The writer reuses this descriptor after `batches` further batches.
    if (Number(Atomics.add(heads, HEAD, 0n)) - head < batches - 1) return { batch: head, row };
  }
}

/** One of the readers. */
export class RingReader {
  readonly lost: RingLoss = { batches: 0, measurements: 0 };
  readonly #share: RingShare;
  readonly #columns: MeasurementColumns;
  readonly #words: BigInt64Array;
  readonly #descriptors: Float64Array;
  readonly #queue: number;
  #next: number;
  /** the row after the last batch that was read */
  #row: number;

  /**
   * @param from where to begin
   * @param queue max number of batches that may wait for this reader; older ones are dropped
   */
  constructor(share: RingShare, from: RingPosition, queue = share.batches) {
    this.#share = share;
    this.#columns = columnsOver(share.columns, share.rows);
    this.#words = new BigInt64Array(share.words);
    this.#descriptors = new Float64Array(share.descriptors);
    // The descriptor of the batch being published is written before HEAD moves: one slot is never safe to read.
    this.#queue = Math.min(queue, share.batches - 1);
    this.#next = from.batch;
    this.#row = from.row;
  }

  /** True when a batch waits. */
  get ready(): boolean {
    return this.#next < this.#head();
  }

  /** The next batch to read. */
  get position(): RingPosition {
    return { batch: this.#next, row: this.#row };
  }

  /** Copies the oldest batch that is still there into `target` (of MAX_BATCH rows). @returns its size; 0 when there is none */
  read(target: MeasurementColumns): number {
    for (;;) {
      const head = this.#head();
      if (this.#next >= head) return 0;
      if (head - this.#next > this.#queue) this.#skipTo(head - this.#queue);
      const slot = this.#slot(this.#next);
      const row = this.#descriptors[slot] ?? 0;
      const count = this.#descriptors[slot + 1] ?? 0;
      if (this.#settledHead() - this.#next >= this.#share.batches) continue; // the descriptor may be another batch's
      const from = row % this.#share.rows;
      copyRows(this.#columns, from, from + count, target, 0);
      if (row + this.#share.rows < this.#settledReserved()) {
        this.#skipTo(this.#next + 1); // overtaken while copying, or before
        continue;
      }
      this.lost.measurements += row - this.#row; // rows lie without gaps
      this.#next += 1;
      this.#row = row + count;
      target.count = count;
      return count;
    }
  }

  #slot(batch: number): number {
    return PER_BATCH * (batch % this.#share.batches);
  }

  #skipTo(batch: number): void {
    this.lost.batches += batch - this.#next;
    this.#next = batch;
  }

  #head(): number {
    return Number(Atomics.load(this.#words, HEAD));
  }

  /** As a read-modify-write, so that on no machine the plain reads before it move behind it. */
  #settledHead(): number {
    return Number(Atomics.add(this.#words, HEAD, 0n));
  }

  #settledReserved(): number {
    return Number(Atomics.add(this.#words, RESERVED, 0n));
  }
}
