/** Messages as they come, for a test to take one by one. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  put(item: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#items.push(item);
    else next(item);
  }

  /** The next message; the test's own time limit is the limit. */
  next(): Promise<T> {
    const item = this.#items.shift();
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item);
  }

  /** Messages that nobody took. */
  get length(): number {
    return this.#items.length;
  }

  clear(): void {
    this.#items.length = 0;
  }
}
