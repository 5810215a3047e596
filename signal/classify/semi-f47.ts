/**
 * SEMI F47-0706: sags that semiconductor tools must ride through. Required: 50 % for 200 ms, 70 % for 500 ms, 80 % for 1 s. Recommended besides: 0 % for one
 * cycle, 80 % for 10 s, 90 % steadily. A sag outside is a violation of that curve: no tool need stand it. Points on a line are inside.
 */
import type { MagnitudeTime } from './itic.js';

export interface SemiF47 {
  required: 'kept' | 'violated';
  recommended: 'kept' | 'violated';
  /** the point that decided, where one is violated */
  point?: MagnitudeTime;
}

/** Percent that the required curve asks for after so many seconds; undefined beyond it. Up to one cycle it says nothing. */
export function semiF47Required(seconds: number, nominalFrequency: number): number | undefined {
  if (seconds * nominalFrequency <= 1 + 1e-6) return undefined;
  return step(seconds, [
    [0.2, 50],
    [0.5, 70],
    [1, 80],
  ]);
}

/** Percent that both curves together ask for. */
export function semiF47Recommended(seconds: number, nominalFrequency: number): number {
  if (seconds * nominalFrequency <= 1 + 1e-6) return 0;
  return (
    step(seconds, [
      [0.2, 50],
      [0.5, 70],
      [10, 80],
    ]) ?? 90
  );
}

function step(seconds: number, steps: readonly (readonly [number, number])[]): number | undefined {
  return steps.find(([to]) => seconds <= to + 1e-9)?.[1];
}

/**
 * Judges a sag by its points: longer than a second it is judged by the required curve as if it had lasted a second, since it was there so long.
 */
export function semiF47(points: readonly MagnitudeTime[], nominalFrequency: number): SemiF47 {
  const result: SemiF47 = { required: 'kept', recommended: 'kept' };
  for (const point of points) {
    const percent = point.pu * 100 + 1e-9;
    const required = semiF47Required(Math.min(point.seconds, 1), nominalFrequency);
    if (required !== undefined && percent < required) {
      if (result.required === 'kept') result.point = point;
      result.required = 'violated';
    }
    if (percent < semiF47Recommended(point.seconds, nominalFrequency)) {
      result.recommended = 'violated';
      result.point ??= point;
    }
  }
  return result;
}
