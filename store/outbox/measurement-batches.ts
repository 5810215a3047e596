/** Gathers measurements into batches for the store: one goes out when it is full or old enough. */
import type { Running } from '../../common/lifecycle.js';
import { copyRows, createColumns, type MeasurementColumns, type Rows } from '../../proto/columns.js';
import type { MeasurementsWrite } from '../writes.js';
import type { LaneStatus, OutboxLane } from './lane.js';

/** How the triggering service gathers: readers take a box for active only while a measurement of the last 5 s is stored. */
export const STORE_BATCH = { batchSize: 5000, delayMs: 250 } as const;

/** Buffers kept for use again. */
const SPARE_BUFFERS = 6;

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
  readonly #lane: OutboxLane;
  readonly #first: (write: MeasurementsWrite) => void;
  readonly #batcher: Batcher;

  /**
   * @param lane of measurements
   * @param first gets each batch before the store does, and must not keep it
   */
  constructor(
    lane: OutboxLane,
    { batchSize, delayMs }: Omit<BatcherOptions, 'send'>,
    first: (write: MeasurementsWrite) => void = () => undefined,
  ) {
    this.#lane = lane;
    this.#first = first;
    this.#batcher = new Batcher({ batchSize, delayMs, send: (write, reuse) => this.push(write, reuse) });
  }

  /** Measurements accepted since the start. */
  get accepted(): number {
    return this.#lane.accepted + this.#batcher.waiting;
  }

  /** Fulfilled when the first `count` measurements accepted have been stored, or dropped, or given up by a stop. */
  settled(count: number): Promise<void> {
    return this.#lane.settled(count);
  }

  /** As `settled`. @returns whether they are durable (`OutboxLane.durable`) */
  durable(count: number): Promise<boolean> {
    return this.#lane.durable(count);
  }

  add(rows: Rows): void {
    this.#batcher.add(rows);
  }

  /** A batch that was gathered elsewhere. @param over called when it is stored, or will not be */
  push(write: MeasurementsWrite, over: () => void): void {
    this.#first(write);
    this.#lane.push(write, over);
  }

  status(): LaneStatus {
    const status = this.#lane.status();
    return { ...status, waiting: status.waiting + this.#batcher.waiting };
  }

  /** What is being gathered goes to the outbox. */
  async stop(): Promise<void> {
    this.#batcher.flush();
  }
}
