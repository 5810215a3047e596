/** The clock of a box against ours, from samples of "box time minus our time" in the order in which they were taken, ms. */

/** Fewer samples decide nothing. */
export const MIN_SAMPLES = 8;
/** A change by less is a slow network or a small correction, ms. */
export const MIN_STEP_MS = 3000;
/** A level is known from so many samples. */
const LEVEL_SAMPLES = 8;
/** The samples of a level differ by less than this part of the step between two of them. */
const STEADY = 0.25;

/**
 * By how much the clock was set: the samples have one level before and another after. A delay on the way lowers samples and goes by, so the
 * upper part of the samples counts, and a queue that is delivered late leaves the level as it was.
 * @returns undefined where it was not
 */
export function clockStep(samples: Float64Array): number | undefined {
  if (samples.length < 2 * LEVEL_SAMPLES || Math.max(...samples) - Math.min(...samples) < MIN_STEP_MS)
    return undefined;
  const before = level(samples.subarray(0, LEVEL_SAMPLES));
  const after = level(samples.subarray(samples.length - LEVEL_SAMPLES));
  const step = after.ms - before.ms;
  const limit = STEADY * Math.abs(step);
  if (Math.abs(step) < MIN_STEP_MS || before.spreadMs > limit || after.spreadMs > limit) return undefined;
  return step;
}

/** The upper quartile, and how far the median is below it. */
function level(samples: Float64Array): { ms: number; spreadMs: number } {
  const sorted = samples.toSorted();
  const ms = sorted[Math.floor(0.75 * sorted.length)] ?? 0;
  return { ms, spreadMs: ms - (sorted[Math.floor(0.25 * sorted.length)] ?? 0) };
}
