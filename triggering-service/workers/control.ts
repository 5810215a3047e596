/** Memory that a worker and the main thread share: counts, which the main thread may read at any time, and two flags. */

const COUNTS = [
  'messages',
  'bytes',
  'accepted',
  'foreign',
  'boxes',
  'subscriptions',
  'lost',
  'withheld',
] as const;
export type Count = (typeof COUNTS)[number];

const COUNTS_AT = 8;
const ANNOUNCED = 0;
const CLOSED = 1;

export class WorkerControl {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #counts: Float64Array;

  constructor(shared = new SharedArrayBuffer(COUNTS_AT + 8 * COUNTS.length)) {
    this.shared = shared;
    this.#words = new Int32Array(shared, 0, COUNTS_AT / 4);
    this.#counts = new Float64Array(shared, COUNTS_AT);
  }

  get(count: Count): number {
    return this.#counts[COUNTS.indexOf(count)] ?? 0;
  }

  set(count: Count, value: number): void {
    this.#counts[COUNTS.indexOf(count)] = value;
  }

  /** Worker: a batch was published. @returns true when the main thread must be sent a message: it has handled the last one */
  announce(): boolean {
    return Atomics.exchange(this.#words, ANNOUNCED, 1) === 0;
  }

  /** Main: about to handle the message. */
  handled(): void {
    Atomics.store(this.#words, ANNOUNCED, 0);
  }

  /** Worker: its socket is closed. */
  closed(): void {
    Atomics.store(this.#words, CLOSED, 1);
    Atomics.notify(this.#words, CLOSED);
  }

  /** Main: blocks until the worker's socket is closed. @returns false when it took longer */
  waitClosed(ms: number): boolean {
    return Atomics.wait(this.#words, CLOSED, 0, ms) !== 'timed-out';
  }
}
