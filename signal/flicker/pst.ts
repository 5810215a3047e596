/** Block 5 of the flickermeter: Pst of an observation from the levels that Pinst passes for a share of the time, Plt of several (IEC 61000-4-15:2010, 5.7 and annex B). */
import { Flickermeter, type FlickerOptions } from './meter.js';

/** The observation of the standard, s. */
export const PST_SECONDS = 600;
/** Filters swing in from nothing: this much before an observation only feeds them, s. */
export const SETTLING_SECONDS = 30;

/**
 * Pst of the Pinst values of one observation.
 * @returns NaN of none
 */
export function pstOf(pinst: Float64Array): number {
  const sorted = pinst.slice().sort();
  /** level that is passed for so many percent of the time, the mean over several */
  const level = (...percents: number[]): number => {
    let sum = 0;
    for (const percent of percents) {
      const place = Math.min(sorted.length - 1, Math.floor(sorted.length * (1 - percent / 100)));
      sum += sorted[place] ?? Number.NaN;
    }
    return sum / percents.length;
  };
  return Math.sqrt(
    0.0314 * level(0.1) +
      0.0525 * level(0.7, 1, 1.5) +
      0.0657 * level(2.2, 3, 4) +
      0.28 * level(6, 8, 10, 13, 17) +
      0.08 * level(30, 50, 80),
  );
}

/** Plt: cubic mean of twelve Pst (two hours); of fewer it is not the standard's. */
export function pltOf(values: readonly number[]): number {
  return Math.cbrt(values.reduce((sum, pst) => sum + pst ** 3, 0) / values.length);
}

export interface FlickerResult {
  /** one a whole observation, in order */
  pst: number[];
  /** largest Pinst after settling */
  pinstMax: number;
}

/**
 * Pst of a waveform without gaps: observations one after another, after the time in which the filters settle.
 * @param samples any unit
 * @param seconds of an observation; other than 600 it is not the standard's Pst and should be called so
 */
export function flicker(
  samples: ArrayLike<number> & { subarray(from: number, to: number): ArrayLike<number> },
  options: FlickerOptions,
  seconds = PST_SECONDS,
): FlickerResult {
  const meter = new Flickermeter(options);
  const { rate } = options;
  let sum = 0;
  const first = Math.min(samples.length, Math.round(rate));
  for (let i = 0; i < first; i += 1) sum += (samples[i] ?? 0) ** 2;
  if (sum > 0) meter.settle(sum / first);
  const settling = Math.round(Math.min(SETTLING_SECONDS, samples.length / rate) * rate);
  meter.push(samples.subarray(0, settling));
  const length = Math.round(seconds * rate);
  const result: FlickerResult = { pst: [], pinstMax: 0 };
  for (let from = settling; from + length <= samples.length; from += length) {
    const pinst = meter.push(samples.subarray(from, from + length));
    result.pst.push(pstOf(pinst));
    for (const value of pinst) if (value > result.pinstMax) result.pinstMax = value;
  }
  return result;
}
