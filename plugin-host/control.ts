/**
 * What the main thread sees of a plugin's thread at any time, also when that hangs: a few words of shared memory. The worker writes, the main
 * thread reads; only `idle` is written by both.
 */

/** What the plugin is doing; each has its own time limit. */
export const CALLS = ['load', 'batch', 'tick', 'unload'] as const;
export type Call = (typeof CALLS)[number];

/** 32-bit words, written atomically. */
const OPERATION = 0;
const CALL = 1;
const IDLE = 2;

/** Doubles, written by the worker between calls. */
const COUNTERS = [
  'batches',
  'measurements',
  'lostBatches',
  'lostMeasurements',
  'nextBatch',
  'nextRow',
  'requests',
  'refusedRequests',
  'surplusRequests',
  'suppressedLogs',
  'droppedFindings',
  'incidents',
  'values',
  'batchP50Us',
  'batchP99Us',
  'batchMaxUs',
] as const;
export type Counter = (typeof COUNTERS)[number];

const COUNTERS_AT = 16;

export class PluginControl {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #counters: Float64Array;

  constructor(shared = new SharedArrayBuffer(COUNTERS_AT + 8 * COUNTERS.length)) {
    this.shared = shared;
    this.#words = new Int32Array(shared, 0, COUNTERS_AT / 4);
    this.#counters = new Float64Array(shared, COUNTERS_AT);
  }

  get(counter: Counter): number {
    return this.#counters[COUNTERS.indexOf(counter)] ?? 0;
  }

  set(counter: Counter, value: number): void {
    this.#counters[COUNTERS.indexOf(counter)] = value;
  }

  add(counter: Counter, value: number): void {
    this.set(counter, this.get(counter) + value);
  }

  /** Worker: the plugin's code is entered. */
  enter(call: Call): void {
    Atomics.store(this.#words, CALL, CALLS.indexOf(call));
    Atomics.add(this.#words, OPERATION, 1);
  }

  /** Worker: the plugin's code has returned. */
  leave(): void {
    Atomics.add(this.#words, OPERATION, 1);
  }

  /** Main: odd while the plugin's code runs, and another number at each call. */
  get operation(): number {
    return Atomics.load(this.#words, OPERATION);
  }

  get call(): Call {
    return CALLS[Atomics.load(this.#words, CALL)] ?? 'load';
  }

  /** Worker: no batch waits; the next one must wake it. It checks once more after this, otherwise a batch in between would be missed. */
  sleep(): void {
    Atomics.store(this.#words, IDLE, 1);
  }

  /** Worker: awake by itself. Main: true when the worker sleeps, so that it has to be sent a message. */
  rouse(): boolean {
    return Atomics.exchange(this.#words, IDLE, 0) === 1;
  }
}
