/** Gathers measurements into batches for the store: one goes out when it is full or old enough. */
import type { Running } from '../../common/lifecycle.js';
import { copyRows, createColumns, type MeasurementColumns } from '../../proto/columns.js';
import type { MeasurementsWrite } from '../writes.js';
import type { LaneStatus } from './lane.js';
import type { Outbox } from './outbox.js';

/** Buffers kept for use again. */
const SPARE_BUFFERS = 6;

/** Rows `from` to `to - 1` of columns. */
export interface Rows {
  columns: MeasurementColumns;
  from: number;
  to: number;
}

export interface BatcherOptions {
  /** measurements in a batch at most */
  batchSize: number;
  /** ms after which a batch goes out, full or not */
  delayMs: number;
  /** @param reuse to be called when the columns are not needed any more */
  send(write: MeasurementsWrite, reuse: () => void): void;
}

export class Batcher {
  readonly #options: BatcherOptions;
  readonly #spare: MeasurementColumns[] = [];
  #filling: MeasurementsWrite | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  /** Measurements that have not gone out. */
  get waiting(): number {
    return this.#filling?.columns.count ?? 0;
  }

  /** Copies the rows. */
  add({ columns, from, to }: Rows): void {
    const { batchSize } = this.#options;
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
    const full = this.#filling;
    if (full === undefined) return;
    clearTimeout(this.#timer);
    this.#filling = undefined;
    this.#options.send(full, () => {
      if (this.#spare.length < SPARE_BUFFERS) this.#spare.push(full.columns);
    });
  }

  #open(): MeasurementsWrite {
    const { batchSize, delayMs } = this.#options;
    const columns = this.#spare.pop() ?? createColumns(batchSize);
    columns.count = 0;
    this.#filling = { kind: 'measurements', columns, acceptedAtMs: Date.now() };
    this.#timer = setTimeout(() => this.flush(), delayMs);
    return this.#filling;
  }
}

/** Measurements to the outbox, of this thread in batches, of others as they come. */
export class MeasurementBatches implements Running {
  readonly #outbox: Outbox;
  readonly #batcher: Batcher;

  constructor(outbox: Outbox, { batchSize, delayMs }: Omit<BatcherOptions, 'send'>) {
    this.#outbox = outbox;
    this.#batcher = new Batcher({ batchSize, delayMs, send: (write, reuse) => outbox.push(write, reuse) });
  }

  /** Measurements accepted since the start. */
  get accepted(): number {
    return this.#outbox.accepted('measurements') + this.#batcher.waiting;
  }

  /** Fulfilled when the first `count` measurements accepted have been stored, or dropped, or given up by a stop. */
  settled(count: number): Promise<void> {
    return this.#outbox.settled('measurements', count);
  }

  add(rows: Rows): void {
    this.#batcher.add(rows);
  }

  /** A batch that was gathered elsewhere. @param over called when it is stored, or will not be */
  push(write: MeasurementsWrite, over: () => void): void {
    this.#outbox.push(write, over);
  }

  status(): LaneStatus {
    const status = this.#outbox.status('measurements');
    return { ...status, waiting: status.waiting + this.#batcher.waiting };
  }

  /** What is being gathered goes to the outbox. */
  async stop(): Promise<void> {
    this.#batcher.flush();
  }
}
