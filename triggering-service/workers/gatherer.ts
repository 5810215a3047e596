/** Gathers a worker's measurements into batches for the store, whose writer is in the main thread. Buffers change hands and come back. */
import { columnsBytes, columnsOver, copyRows, type MeasurementColumns } from '../../proto/columns.js';
import type { Batch } from '../../stream/batch.js';
import type { Gathered } from './messages.js';

/** Buffers kept for use again. */
const SPARE_BUFFERS = 4;

export interface GathererOptions {
  batchSize: number;
  /** ms after which a batch goes out, full or not */
  delayMs: number;
  /** measurements that may be on their way to the store and back; further ones are lost, and counted */
  limit: number;
  send: (gathered: Gathered) => void;
}

interface Filling {
  buffer: ArrayBuffer;
  columns: MeasurementColumns;
  /** Unix ms when its first measurement was accepted */
  acceptedAtMs: number;
}

export class Gatherer {
  readonly #options: GathererOptions;
  readonly #spare: ArrayBuffer[] = [];
  #filling: Filling | undefined;
  #away = 0;
  #timer: NodeJS.Timeout | undefined;
  /** measurements that found no room */
  lost = 0;

  constructor(options: GathererOptions) {
    this.#options = options;
  }

  add({ columns, from, to }: Batch): void {
    const { batchSize, limit } = this.#options;
    if (this.#away > limit) {
      this.lost += to - from;
      return;
    }
    for (let at = from; at < to; ) {
      const filling = this.#filling ?? this.#open();
      const { count } = filling.columns;
      const taken = Math.min(to - at, batchSize - count);
      copyRows(columns, at, at + taken, filling.columns, count);
      filling.columns.count = count + taken;
      at += taken;
      if (filling.columns.count >= batchSize) this.flush();
    }
  }

  flush(): void {
    const filling = this.#filling;
    if (!filling) return;
    clearTimeout(this.#timer);
    this.#filling = undefined;
    const { buffer, acceptedAtMs, columns } = filling;
    this.#away += columns.count;
    this.#options.send({ buffer, capacity: this.#options.batchSize, count: columns.count, acceptedAtMs });
  }

  /** A buffer came back. */
  returned(buffer: ArrayBuffer, count: number): void {
    this.#away -= count;
    if (this.#spare.length < SPARE_BUFFERS) this.#spare.push(buffer);
  }

  #open(): Filling {
    const { batchSize, delayMs } = this.#options;
    const buffer = this.#spare.pop() ?? new ArrayBuffer(columnsBytes(batchSize));
    const filling = { buffer, columns: columnsOver(buffer, batchSize), acceptedAtMs: Date.now() };
    this.#filling = filling;
    this.#timer = setTimeout(() => this.flush(), delayMs);
    return filling;
  }
}
