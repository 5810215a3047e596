/**
 * What a peer sent and we did not take: counted by reason always, logged once a minute for each reason with the latest source.
 * The number of reasons is bounded by the code that calls; sources are kept one a reason, so memory is bounded too.
 */
import type { Logger } from './log.js';

const QUIET_MS = 60_000;

interface Reason {
  total: number;
  sinceLog: number;
  loggedAt: number;
}

export class Rejections {
  readonly #reasons = new Map<string, Reason>();
  readonly #log: Logger;
  readonly #now: () => number;

  constructor(log: Logger, now: () => number = Date.now) {
    this.#log = log;
    this.#now = now;
  }

  /** Counts one rejection. `reason` is a fixed word of our code (never peer input); `source` says who (a box id, a topic). */
  count(reason: string, source?: string, detail?: string): void {
    const now = this.#now();
    const entry = this.#count(reason);
    entry.sinceLog += 1;
    if (Math.abs(now - entry.loggedAt) < QUIET_MS) return;
    this.#log.warn({ reason, source: clip(source), detail: clip(detail), count: entry.sinceLog }, 'dropped');
    entry.sinceLog = 0;
    entry.loggedAt = now;
  }

  /** Counts one rejection that the caller logs in a way of its own. */
  tally(reason: string): void {
    this.#count(reason);
  }

  /** Totals by reason since the start. */
  totals(): Record<string, number> {
    return Object.fromEntries([...this.#reasons].map(([reason, entry]) => [reason, entry.total]));
  }

  #count(reason: string): Reason {
    let entry = this.#reasons.get(reason);
    if (entry === undefined) {
      entry = { total: 0, sinceLog: 0, loggedAt: Number.NEGATIVE_INFINITY };
      this.#reasons.set(reason, entry);
    }
    entry.total += 1;
    return entry;
  }
}

/** Totals with a 0 for every reason that did not occur: what a counter gives, so that the first drops are a rise. */
export function fromZero(
  reasons: readonly string[],
  totals: Readonly<Record<string, number>>,
): Record<string, number> {
  return { ...Object.fromEntries(reasons.map((reason) => [reason, 0])), ...totals };
}

/** Peer text cut to a length that cannot fill a log. */
function clip(text: string | undefined): string | undefined {
  return text === undefined || text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
