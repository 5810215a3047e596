/** A worker's measurements on their way to the main thread, which has the outbox: batches as bytes, so many at one time. */
import type { Rows } from '../../proto/columns.js';
import { Batcher, type BatcherOptions } from '../../store/outbox/measurement-batches.js';
import { encodeWrite } from '../../store/write-codec.js';
import type { Gathered } from './messages.js';

export interface GathererOptions extends Omit<BatcherOptions, 'send'> {
  /** measurements that may be on their way to the store; further ones are lost, and counted */
  limit: number;
  send(gathered: Gathered): void;
}

export class Gatherer {
  readonly #limit: number;
  readonly #batcher: Batcher;
  #underWay = 0;
  /** measurements past the limit */
  lost = 0;

  constructor({ limit, send, ...options }: GathererOptions) {
    this.#limit = limit;
    this.#batcher = new Batcher({
      ...options,
      send: (write, reuse) => {
        const { count } = write.columns;
        this.#underWay += count;
        send({ write: encodeWrite(write), count });
        reuse();
      },
    });
  }

  add(rows: Rows): void {
    if (this.#underWay > this.#limit) this.lost += rows.to - rows.from;
    else this.#batcher.add(rows);
  }

  flush(): void {
    this.#batcher.flush();
  }

  /** So many are stored, or will not be. */
  settled(count: number): void {
    this.#underWay -= count;
  }
}
