/**
 * What a peer sent and we did not accept: always counted by reason, logged once per minute for each reason with the latest source.
 * The reasons are words of our code, so their number is bounded.
 */
import { type Clock, systemClock } from './clock.js';
import type { Logger } from './log.js';
import { ThrottledLog } from './throttled-log.js';

export class Rejections {
  readonly #totals = new Map<string, number>();
  readonly #log: Logger;
  readonly #throttle: ThrottledLog;

  constructor(log: Logger, clock: Pick<Clock, 'monotonic'> = systemClock) {
    this.#log = log;
    this.#throttle = new ThrottledLog(log, { clock });
  }

  /** Counts one rejection. `reason` is a fixed word of our code (never peer input); `source` says who (a box id, a topic). */
  count(reason: string, source?: string, detail?: string): void {
    this.tally(reason);
    const more = this.#throttle.admit(reason);
    if (more === undefined) return;
    this.#log.warn({ reason, source: clip(source), detail: clip(detail), ...more }, 'dropped');
  }

  /** Counts one rejection that the caller logs in a way of its own. */
  tally(reason: string): void {
    this.#totals.set(reason, (this.#totals.get(reason) ?? 0) + 1);
  }

  /** Totals by reason since the start. */
  totals(): Record<string, number> {
    return Object.fromEntries(this.#totals);
  }
}

/** Totals with a 0 for every reason that did not occur: what a counter gives, so that the first drops are a rise. */
export function fromZero(
  reasons: readonly string[],
  totals: Readonly<Record<string, number>>,
): Record<string, number> {
  return { ...Object.fromEntries(reasons.map((reason) => [reason, 0])), ...totals };
}

/** Peer text trimmed to a length that cannot fill a log. */
function clip(text: string | undefined): string | undefined {
  return text === undefined || text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
