/** Gathers measurements into batches for the outbox: one goes out when it is full or old enough. */
import type { Running } from '../../common/lifecycle.js';
import { copyRows, createColumns, type MeasurementColumns, type Rows } from '../../proto/columns.js';
import type { MeasurementsWrite } from '../writes.js';
import type { LaneStatus, OutboxLane } from './lane.js';

/** How the triggering service gathers: readers take a box for active only while a measurement of the last 5 s is stored. */
export const STORE_BATCH = { batchSize: 5000, delayMs: 250 } as const;

/** Buffers kept for use again. */
const SPARE_BUFFERS = 6;

export interface BatchOptions {
  /** measurements in a batch at most */
  batchSize: number;
  /** ms after which a batch goes out, full or not */
  delayMs: number;
}

export class MeasurementBatches implements Running {
  readonly #lane: OutboxLane;
  readonly #options: BatchOptions;
  readonly #first: (write: MeasurementsWrite) => void;
  readonly #spare: MeasurementColumns[] = [];
  #filling: MeasurementsWrite | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param lane of measurements
   * @param first gets each batch before the store does, and must not keep it
   */
  constructor(
    lane: OutboxLane,
    options: BatchOptions,
    first: (write: MeasurementsWrite) => void = () => undefined,
  ) {
    this.#lane = lane;
    this.#options = options;
    this.#first = first;
  }

  /** Measurements accepted since the start. */
  get accepted(): number {
    return this.#lane.accepted + this.#gathered;
  }

  /** Fulfilled when the first `count` measurements accepted have been stored, or dropped, or given up by a stop. */
  settled(count: number): Promise<void> {
    return this.#lane.settled(count);
  }

  /** As `settled`. @returns whether they are durable (`OutboxLane.durable`) */
  durable(count: number): Promise<boolean> {
    return this.#lane.durable(count);
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
      if (filling.columns.count >= batchSize) this.#flush();
    }
  }

  status(): LaneStatus {
    const status = this.#lane.status();
    return { ...status, waiting: status.waiting + this.#gathered };
  }

  /** What is being gathered goes to the outbox. */
  async stop(): Promise<void> {
    this.#flush();
  }

  get #gathered(): number {
    return this.#filling?.columns.count ?? 0;
  }

  #flush(): void {
    const full = this.#filling;
    if (full === undefined) return;
    clearTimeout(this.#timer);
    this.#filling = undefined;
    this.#first(full);
    this.#lane.push(full, () => {
      if (this.#spare.length < SPARE_BUFFERS) this.#spare.push(full.columns);
    });
  }

  #open(): MeasurementsWrite {
    const { batchSize, delayMs } = this.#options;
    const columns = this.#spare.pop() ?? createColumns(batchSize);
    columns.count = 0;
    this.#filling = { kind: 'measurements', columns, acceptedAtMs: Date.now() };
    this.#timer = setTimeout(() => this.#flush(), delayMs);
    return this.#filling;
  }
}
