/** When bands that were loaded are too coarse for what is shown. */
import type { Run } from './bands.js';
import type { Range } from './range.js';

/** Samples are as fine as it gets; bands are fine enough with one a pixel or more. */
export function isFineEnough(
  runs: readonly Run[],
  form: 'samples' | 'bands',
  range: Range,
  columns: number,
): boolean {
  if (form === 'samples') return true;
  const stepMs = Math.max(0, ...runs.map((run) => run.stepMs));
  return stepMs <= (range.toMs - range.fromMs) / Math.max(1, columns);
}

/** What is loaded for a range: the same length more on each side, so that moving a little needs nothing. */
export function partToLoad({ fromMs, toMs }: Range): Range {
  const span = toMs - fromMs;
  return { fromMs: fromMs - span, toMs: toMs + span };
}
