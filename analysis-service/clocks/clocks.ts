/** What is known of the clocks of boxes (box-clocks.ts measures it), in a form that threads can have too. */

/** The clock of a box that is known to be wrong. */
export interface ClockError {
  /** box time minus our time, ms: the middle of what is possible */
  offsetMs: number;
  /** so much more or less, ms */
  uncertaintyMs: number;
}

/** The same, and when it was measured. */
export interface MeasuredClock extends ClockError {
  /** Unix ms, our clock */
  measuredMs: number;
}

/** Whoever knows the clocks of boxes. */
export interface Clocks {
  /**
   * @param at Unix ms, by the clock of the box or by ours: what is measured now says nothing of a time long ago
   * @returns undefined: right, or not known
   */
  of(boxId: string, at: { boxMs: number } | { ourMs: number }): ClockError | undefined;
}

/** An offset holds for what happened so long before or after it was measured, ms. */
const HOLDS_MS = 600_000;

/** Nothing is known of any clock. */
export const NO_CLOCKS: Clocks = { of: () => undefined };

/** Clocks as they were known at a time. */
export function clocksOf(measured: ReadonlyMap<string, MeasuredClock>): Clocks {
  return { of: (boxId, at) => errorAt(measured.get(boxId), at) };
}

/** What is known of a clock, where that holds. */
export function errorAt(
  measured: MeasuredClock | undefined,
  at: { boxMs: number } | { ourMs: number },
): ClockError | undefined {
  if (measured === undefined) return undefined;
  const { measuredMs, offsetMs, uncertaintyMs } = measured;
  const atMs = 'ourMs' in at ? at.ourMs : at.boxMs - offsetMs;
  return Math.abs(atMs - measuredMs) > HOLDS_MS ? undefined : { offsetMs, uncertaintyMs };
}
