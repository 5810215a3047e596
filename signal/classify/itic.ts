/**
 * The ITIC (CBEMA) curve, Information Technology Industry Council, 2000: what voltage a computer's power supply stands for how long. Defined for 120 V at 60 Hz; elsewhere in per
 * unit, and so labelled. Points on a line are inside.
 */

export type IticRegion = 'no interruption' | 'prohibited' | 'no damage';

/** (s, percent): straight lines in log t, from the left. */
const UPPER_SLOPE = [
  [0.000167, 500],
  [0.001, 200],
  [0.003, 140],
] as const;

/** Percent that may be reached for so long. */
export function iticUpper(seconds: number): number {
  const [[firstT, firstV]] = UPPER_SLOPE;
  if (seconds <= firstT) return firstV;
  for (let i = 1; i < UPPER_SLOPE.length; i += 1) {
    const [t0, v0] = UPPER_SLOPE[i - 1] ?? UPPER_SLOPE[0];
    const [t1, v1] = UPPER_SLOPE[i] ?? UPPER_SLOPE[0];
    if (seconds <= t1) return v0 + ((v1 - v0) * Math.log(seconds / t0)) / Math.log(t1 / t0);
  }
  return seconds <= 0.5 ? 120 : 110;
}

/** Percent that the voltage may fall to for so long. */
export function iticLower(seconds: number): number {
  if (seconds <= 0.02) return 0;
  if (seconds <= 0.5) return 70;
  return seconds <= 10 ? 80 : 90;
}

/** Region of one point. Rounding (1e-9) does not put a point on a line outside. */
export function iticRegion(percent: number, seconds: number): IticRegion {
  if (percent > iticUpper(seconds) + 1e-9) return 'prohibited';
  return percent < iticLower(seconds) - 1e-9 ? 'no damage' : 'no interruption';
}

/** A magnitude, and how long it was there or beyond. */
export interface MagnitudeTime {
  pu: number;
  seconds: number;
}

export interface IticVerdict {
  region: IticRegion;
  /** the point that decided; without one outside, the first */
  point: MagnitudeTime;
}

/** The worst of several points: prohibited, then no damage. Undefined of none. */
export function worstItic(points: readonly MagnitudeTime[]): IticVerdict | undefined {
  let worst: IticVerdict | undefined;
  const rank: Record<IticRegion, number> = { 'no interruption': 0, 'no damage': 1, prohibited: 2 };
  for (const point of points) {
    const region = iticRegion(point.pu * 100, point.seconds);
    if (worst === undefined || rank[region] > rank[worst.region]) worst = { region, point };
  }
  return worst;
}
