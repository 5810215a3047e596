/** Puts the summaries of partitions together to seconds, in the order of time, with a bounded wait for partitions that are late. */
import { PARTITIONS } from '../../nats/partition.js';
import { emptySummary, join, LISTED, orderSilent, type Summary } from './summary.js';
import type { PartSummary } from './summary-codec.js';

export const SECOND_MS = 1000;
/** How long a second waits for partitions that are late, ms after its end. A summary is written some ms after it. */
export const WAIT_MS = 4000;
/** A summary of a second so far ahead of our clock is none: clocks agree within a second. */
const AHEAD_MS = 10_000;

export interface WholeSecond {
  second: number;
  /** partitions without a summary */
  missing: number;
  summary: Summary;
}

export class Seconds {
  /** by second, then by partition */
  readonly #parts = new Map<number, Map<number, PartSummary>>();
  /** the second that is next */
  #next: number;
  #late = 0;
  #missing = 0;

  /** @param first number of the first second */
  constructor(first: number) {
    this.#next = first;
  }

  /** When the second that is next begins, Unix ms. */
  get nextMs(): number {
    return this.#next * SECOND_MS;
  }

  /** Summaries that came when their second was over, or whose time is wrong. */
  get late(): number {
    return this.#late;
  }

  /** Partitions without a summary, of all seconds. */
  get missing(): number {
    return this.#missing;
  }

  add(part: PartSummary, nowMs: number): void {
    const { partition, revision, second } = part;
    if (second < this.#next || second * SECOND_MS > nowMs + AHEAD_MS || partition >= PARTITIONS) {
      this.#late += 1;
      return;
    }
    const parts = this.#parts.get(second) ?? new Map<number, PartSummary>();
    this.#parts.set(second, parts);
    // One that lost the partition and does not know it yet is not heard.
    if ((parts.get(partition)?.revision ?? -1) < revision) parts.set(partition, part);
  }

  /**
   * The next second, when all of it is there or it has waited long enough.
   * @param isCaughtUp whether everything that was written has been added
   */
  take(nowMs: number, isCaughtUp: boolean): WholeSecond | undefined {
    // The clock was set back.
    if (this.#next * SECOND_MS > nowMs + AHEAD_MS) this.#next = Math.floor(nowMs / SECOND_MS);
    const second = this.#next;
    const parts = this.#parts.get(second);
    const isOver = isCaughtUp && nowMs >= (second + 1) * SECOND_MS + WAIT_MS;
    if (parts?.size !== PARTITIONS && !isOver) return undefined;
    this.#next += 1;
    this.#parts.delete(second);
    const summary = emptySummary();
    for (const part of parts?.values() ?? []) join(summary, part.summary);
    orderSilent(summary, LISTED);
    const missing = PARTITIONS - (parts?.size ?? 0);
    this.#missing += missing;
    return { second, missing, summary };
  }
}
