/**
 * Reads several rings, one per worker, as if they were one: the batch that was published first comes first. A box's measurements are all in
 * one ring, so the order of each box is kept. Between boxes of different workers it is kept to within a few ms: batches are ordered, not rows.
 */
import type { MeasurementColumns } from '../proto/columns.js';
import { type RingLoss, type RingPosition, RingReader, type RingShare } from './ring.js';

export class MergedReader {
  readonly #readers: RingReader[];

  /**
   * @param from where to begin in each ring
   * @param queue max number of batches that may wait, in all rings together; older ones are dropped
   */
  constructor(rings: readonly RingShare[], from: readonly RingPosition[], queue: number) {
    const each = Math.max(2, Math.ceil(queue / rings.length));
    this.#readers = rings.map((ring, i) => new RingReader(ring, from[i] ?? { batch: 0, row: 0 }, each));
  }

  /** True when a batch waits. */
  get ready(): boolean {
    return this.#readers.some((reader) => reader.ready);
  }

  /** Batches and rows of all rings that were read or lost. */
  get position(): RingPosition {
    return sumOf(this.#readers.map((reader) => reader.position));
  }

  get lost(): RingLoss {
    const lost = { batches: 0, measurements: 0 };
    for (const reader of this.#readers) {
      lost.batches += reader.lost.batches;
      lost.measurements += reader.lost.measurements;
    }
    return lost;
  }

  /** Copies the oldest batch into `target` (of MAX_BATCH rows). @returns its size; 0 when there is none */
  read(target: MeasurementColumns): number {
    let [oldest] = this.#readers;
    if (this.#readers.length > 1) {
      let oldestMs = Number.POSITIVE_INFINITY;
      for (const reader of this.#readers) {
        const publishedMs = reader.nextPublishedMs;
        if (publishedMs >= oldestMs) continue;
        oldest = reader;
        oldestMs = publishedMs;
      }
    }
    return oldest?.read(target) ?? 0;
  }
}

/** Positions in several rings as one: batches and rows are only counted. */
export function sumOf(positions: readonly RingPosition[]): RingPosition {
  const sum = { batch: 0, row: 0 };
  for (const { batch, row } of positions) {
    sum.batch += batch;
    sum.row += row;
  }
  return sum;
}
