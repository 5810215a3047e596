/** The clock of a box against ours, from samples of "box time minus our time", ms. */

/** Median, and what the middle four fifths differ by. */
export interface ClockOffset {
  medianMs: number;
  spreadMs: number;
}

/** @returns NaN for no samples */
export function clockOffset(samples: ArrayLike<number>): ClockOffset {
  const sorted = Float64Array.from(samples).sort();
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))] ?? Number.NaN;
  return { medianMs: at(0.5), spreadMs: at(0.9) - at(0.1) };
}
