/** Event numbers from the store. Those asked for while a drawing is under way are drawn together. */
import type { Store } from '../../store/store.js';

interface Waiting {
  count: number;
  resolve(numbers: number[]): void;
  reject(error: unknown): void;
}

export class EventNumbers {
  readonly #store: Pick<Store, 'nextEventIds'>;
  #waiting: Waiting[] = [];
  #drawing = false;
  drawn = 0;

  constructor(store: Pick<Store, 'nextEventIds'>) {
    this.#store = store;
  }

  /** `count` numbers, rising, in the order of asking. Rejects when the store does. */
  next(count: number): Promise<number[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ count, resolve, reject });
      if (!this.#drawing) void this.#draw();
    });
  }

  async #draw(): Promise<void> {
    this.#drawing = true;
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      const total = waiting.reduce((sum, { count }) => sum + count, 0);
      try {
        const numbers = await this.#store.nextEventIds(total);
        this.drawn += total;
        let from = 0;
        for (const { count, resolve } of waiting) {
          resolve(numbers.slice(from, from + count));
          from += count;
        }
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#drawing = false;
  }
}
