/** The curves of ITIC and SEMI F47 as corners of a line, from the functions that judge by them (`signal/classify`), so that picture and verdict agree. */
import { iticLower, iticUpper, semiF47Recommended, semiF47Required } from '../../signal/browser.js';

/** [seconds, percent of nominal] */
export type Corner = readonly [number, number];

/** The times that the charts show, seconds. */
export const CURVE_FROM_S = 0.0001;
export const CURVE_TO_S = 1000;

/** Both sides of each time where a curve has a corner or a step. */
function cornersOf(at: readonly number[], value: (seconds: number) => number | undefined): Corner[] {
  const times = [CURVE_FROM_S, ...at.flatMap((t) => [t, t * (1 + 1e-5)]), CURVE_TO_S];
  return times.flatMap((t): Corner[] => {
    const percent = value(t);
    return percent === undefined ? [] : [[t, percent]];
  });
}

export const iticUpperCorners = (): Corner[] => cornersOf([0.000167, 0.001, 0.003, 0.5], iticUpper);
export const iticLowerCorners = (): Corner[] => cornersOf([0.02, 0.5, 10], iticLower);

/** @param nominalFrequency Hz; the curve begins after one cycle */
export const semiRequiredCorners = (nominalFrequency: number): Corner[] =>
  cornersOf([1 / nominalFrequency, 0.2, 0.5, 1], (t) => semiF47Required(t, nominalFrequency));
export const semiRecommendedCorners = (nominalFrequency: number): Corner[] =>
  cornersOf([1 / nominalFrequency, 0.2, 0.5, 10], (t) => semiF47Recommended(t, nominalFrequency));

/** Hz: the nominal frequency that most boxes have, which decides where SEMI F47 begins; 60 without boxes. */
export function fleetFrequency(boxes: readonly { reference: { frequency: number } }[]): number {
  const counts = new Map<number, number>();
  for (const { reference } of boxes)
    counts.set(reference.frequency, (counts.get(reference.frequency) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most?.[0] ?? 60;
}

/** Ticks of a logarithmic time axis: decades between two times. */
export function decades(fromS: number, toS: number): number[] {
  const ticks: number[] = [];
  for (let e = Math.ceil(Math.log10(fromS) - 1e-9); e <= Math.log10(toS) + 1e-9; e += 1) ticks.push(10 ** e);
  return ticks.map((t) => Number(t.toPrecision(3)));
}

/** `0.1 ms`, `10 s`: a tick of the axis. */
export function decadeName(seconds: number): string {
  return seconds < 1 ? `${Number((seconds * 1000).toPrecision(3))} ms` : `${seconds} s`;
}
