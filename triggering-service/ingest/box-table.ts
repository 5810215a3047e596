/**
 * The boxes that send. Each has a small number (its slot), under which other parts keep their data of it in arrays, its counts, and its
 * token bucket: the rate limit of common/token-bucket.ts, kept in arrays because it is asked for each message. Bounded: further boxes get no slot.
 */

const FIRST_CAPACITY = 256;

export interface RateLimit {
  /** measurements per second in the long run */
  perSecond: number;
  /** at the same time: after an outage a box first delivers what it queued */
  burst: number;
}

export interface BoxTotals {
  boxId: number;
  messages: number;
  bytes: number;
  /** Unix ms when the last measurement of the box came */
  heardMs: number;
}

export class BoxTable {
  readonly #limit: number;
  readonly #rate: RateLimit;
  readonly #slots = new Map<number, number>();
  readonly #free: number[] = [];
  #boxId = new Float64Array(FIRST_CAPACITY);
  #messages = new Float64Array(FIRST_CAPACITY);
  #bytes = new Float64Array(FIRST_CAPACITY);
  #heardMs = new Float64Array(FIRST_CAPACITY);
  #seenMs = new Float64Array(FIRST_CAPACITY);
  #tokens = new Float64Array(FIRST_CAPACITY);
  #tokensMs = new Float64Array(FIRST_CAPACITY);
  #used = 0;

  constructor(limit: number, rate: RateLimit) {
    this.#limit = limit;
    this.#rate = rate;
  }

  /** Boxes that have a slot. */
  get size(): number {
    return this.#slots.size;
  }

  /** The box's slot; a new box gets one. @returns -1 when the table is full */
  slotOf(boxId: number): number {
    return this.#slots.get(boxId) ?? this.#add(boxId);
  }

  /** Notes that the box sent something that was dropped: it is not forgotten. */
  seen(slot: number, nowMs: number): void {
    this.#seenMs[slot] = nowMs;
  }

  /** Counts a measurement that was accepted. */
  count(slot: number, bytes: number, nowMs: number): void {
    this.#messages[slot] = (this.#messages[slot] ?? 0) + 1;
    this.#bytes[slot] = (this.#bytes[slot] ?? 0) + bytes;
    this.#heardMs[slot] = nowMs;
  }

  /**
   * Whether the box keeps to its rate with one more measurement.
   * @param clockMs when it was received. It goes back where a batch from NATS comes again or late, or the broker's clock was set; the box must not pay for that.
   */
  withinRate(slot: number, clockMs: number): boolean {
    const { burst, perSecond } = this.#rate;
    const elapsed = Math.max(0, clockMs - (this.#tokensMs[slot] ?? 0));
    const tokens = Math.min(burst, (this.#tokens[slot] ?? 0) + (elapsed * perSecond) / 1000);
    this.#tokensMs[slot] = clockMs;
    this.#tokens[slot] = tokens >= 1 ? tokens - 1 : tokens;
    return tokens >= 1;
  }

  /** Boxes heard since then. */
  heardSince(ms: number): number {
    let count = 0;
    for (const slot of this.#slots.values()) if ((this.#heardMs[slot] ?? 0) >= ms) count += 1;
    return count;
  }

  /** Of boxes of which something was accepted. */
  *totals(): Generator<BoxTotals> {
    for (const [boxId, slot] of this.#slots) {
      if ((this.#messages[slot] ?? 0) === 0) continue;
      yield {
        boxId,
        messages: this.#messages[slot] ?? 0,
        bytes: this.#bytes[slot] ?? 0,
        heardMs: this.#heardMs[slot] ?? 0,
      };
    }
  }

  /** Forgets boxes that were not heard since then. @param forgotten called with each slot, which another box may get from now on */
  forget(ms: number, forgotten: (slot: number) => void): void {
    for (const [boxId, slot] of this.#slots) {
      if (Math.max(this.#heardMs[slot] ?? 0, this.#seenMs[slot] ?? 0) >= ms) continue;
      this.#slots.delete(boxId);
      this.#free.push(slot);
      forgotten(slot);
    }
  }

  /** Forgets boxes. @param forgotten as of `forget` */
  remove(isGone: (boxId: number) => boolean, forgotten: (slot: number) => void): void {
    for (const [boxId, slot] of this.#slots) {
      if (!isGone(boxId)) continue;
      this.#slots.delete(boxId);
      this.#free.push(slot);
      forgotten(slot);
    }
  }

  #add(boxId: number): number {
    const slot = this.#free.pop() ?? this.#used;
    if (slot >= this.#limit) return -1;
    if (slot === this.#used) {
      this.#used += 1;
      if (slot >= this.#boxId.length) this.#grow();
    }
    this.#slots.set(boxId, slot);
    this.#boxId[slot] = boxId;
    this.#messages[slot] = 0;
    this.#bytes[slot] = 0;
    this.#heardMs[slot] = 0;
    this.#seenMs[slot] = 0;
    this.#tokens[slot] = this.#rate.burst;
    this.#tokensMs[slot] = 0;
    return slot;
  }

  #grow(): void {
    const capacity = 2 * this.#boxId.length;
    this.#boxId = grown(this.#boxId, capacity);
    this.#messages = grown(this.#messages, capacity);
    this.#bytes = grown(this.#bytes, capacity);
    this.#heardMs = grown(this.#heardMs, capacity);
    this.#seenMs = grown(this.#seenMs, capacity);
    this.#tokens = grown(this.#tokens, capacity);
    this.#tokensMs = grown(this.#tokensMs, capacity);
  }
}

/** The same numbers in a longer array. */
export function grown(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length);
  longer.set(array);
  return longer;
}
