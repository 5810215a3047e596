/**
 * How many of a box's measurements arrive, of those that it makes. Counted against the box's own times, so that a queue that is delivered
 * after an outage is no high rate. What is usual is the distance between two measurements, which stays the same when some are lost.
 */

/** A change of the usual distance is accepted after this time: somebody changed the measurement window. */
const ACCEPT_MS = 3_600_000;
/** Distances that differ by less are the same. */
const SAME = 0.1;
const WINDOW_MS = 60_000;
/** A span that the box's clock went in one window: more is a clock that was set. */
const MAX_SPAN_MS = 3_600_000;

export class UsualRate {
  /** ms between two measurements; undefined: not known yet */
  usualMs: number | undefined;
  /** received, of those expected, in the last whole minute of the box's time; undefined: not known */
  share: number | undefined;
  #other: { ms: number; sinceMs: number } | undefined;
  #window: { timeMs: number; measurements: number } | undefined;

  /** Notes the present distance, the median of the last ones. */
  distance(ms: number, nowMs: number): void {
    if (!(ms > 0)) return;
    if (this.usualMs === undefined || isSame(ms, this.usualMs)) {
      this.usualMs ??= ms;
      this.#other = undefined;
      return;
    }
    if (this.#other === undefined || !isSame(ms, this.#other.ms)) this.#other = { ms, sinceMs: nowMs };
    if (nowMs - this.#other.sinceMs < ACCEPT_MS) return;
    this.usualMs = this.#other.ms;
    this.#other = undefined;
  }

  /** @param timeMs the box's last time @param measurements different ones received until then */
  count(timeMs: number, measurements: number): void {
    this.#window ??= { timeMs, measurements };
    const span = timeMs - this.#window.timeMs;
    if (span >= 0 && span < WINDOW_MS) return;
    const received = measurements - this.#window.measurements;
    const isPlain = span > 0 && span <= MAX_SPAN_MS && this.usualMs !== undefined;
    this.share = isPlain ? (received * (this.usualMs ?? 0)) / span : undefined;
    this.#window = { timeMs, measurements };
  }

  /** The clock stands, was set, or the times are those of two devices: the counts say nothing. */
  reset(): void {
    this.#window = undefined;
    this.share = undefined;
  }
}

/** Whether two distances are the same. */
export function isSame(a: number, b: number): boolean {
  return Math.abs(a - b) <= SAME * b;
}
