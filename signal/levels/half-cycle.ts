/**
 * RMS values that are synchronised to the fundamental. Sums of squares are kept as a running sum, so that every window costs two look-ups,
 * whatever its length and place.
 */
import type { Crossings } from '../fundamental/crossings.js';
import { medianInPlace, valueAt } from '../samples.js';
import { takeNew } from '../scratch.js';

/** Element i: Σ x² of the samples before sample i (length: one more than the samples). */
export function squareSums(x: Float64Array, take = takeNew): Float64Array {
  const sums = take(x.length + 1);
  let sum = 0;
  sums[0] = 0;
  for (let i = 0; i < x.length; i += 1) {
    const value = x[i] ?? 0;
    sum += value * value;
    sums[i + 1] = sum;
  }
  return sums;
}

/**
 * Mean square between two places in samples (fractional; sample i stands for i - ½ to i + ½). Places outside are cut off.
 * @returns NaN when nothing is left
 */
export function meanSquare(sums: Float64Array, from: number, to: number): number {
  const last = sums.length - 1;
  const a = Math.min(Math.max(from + 0.5, 0), last);
  const b = Math.min(Math.max(to + 0.5, 0), last);
  return Math.max(0, valueAt(sums, b) - valueAt(sums, a)) / (b - a);
}

/**
 * Urms(1/2): RMS over one cycle, from a zero crossing of the fundamental, refreshed each half cycle (IEC 61000-4-30:2015, 3.27 and 5.4.1).
 * Value k is that of the cycle from crossing k to crossing k + 2.
 */
export function synchronousHalfCycleRms(sums: Float64Array, { at }: Crossings): Float64Array {
  const values = new Float64Array(Math.max(0, at.length - 2));
  const usual = (2 * ((at[at.length - 1] ?? 0) - (at[0] ?? 0))) / (at.length - 1);
  for (let k = 0; k < values.length; k += 1) {
    const from = at[k] ?? 0;
    const to = at[k + 2] ?? 0;
    const length = cycleLength(at, k, to - from, usual);
    const middle = (from + to) / 2;
    values[k] = Math.sqrt(meanSquare(sums, middle - length / 2, middle + length / 2));
  }
  return values;
}

/** Half cycles on either side that a cycle's usual length is taken from, and room for the lengths: those of one call at a time. */
const AROUND = 12;
const lengths = new Float64Array(2 * AROUND + 1);

/**
 * Next to a step of the amplitude or phase two crossings may be a degree or two off. Where they lie does not matter, since there is little energy around zero;
 * the length that the sum is divided by does. So a cycle that is unlike the waveform's usual one takes the length of those around it.
 */
export function cycleLength(at: Float64Array, k: number, own: number, usual: number): number {
  if (Math.abs(own / usual - 1) < 1e-4) return own;
  let count = 0;
  for (let i = Math.max(0, k - AROUND); i <= Math.min(k + AROUND, at.length - 3); i += 1) {
    lengths[count] = (at[i + 2] ?? 0) - (at[i] ?? 0);
    count += 1;
  }
  return medianInPlace(lengths.subarray(0, count));
}

/**
 * RMS of 10 cycles at 50 Hz, 12 cycles at 60 Hz, one after another from the crossing given (IEC 61000-4-30:2015, 5.2.1 and 4.4).
 * Value i is that of the window from crossing `first + i · 2 · cycles`.
 */
export function windowRms(sums: Float64Array, { at }: Crossings, cycles: number, first = 0): Float64Array {
  const step = 2 * cycles;
  const count = Math.max(0, Math.floor((at.length - 1 - first) / step));
  const values = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const k = first + i * step;
    values[i] = Math.sqrt(meanSquare(sums, at[k] ?? 0, at[k + 2 * cycles] ?? 0));
  }
  return values;
}

/** Cycles of the window of IEC 61000-4-30 and 61000-4-7, about 200 ms: 10 at 50 Hz, 12 at 60 Hz. */
export function windowCycles(nominalFrequency: number): number {
  return Math.max(1, Math.round(nominalFrequency / 5));
}

/** Largest |sample| over RMS, of samples `from` to `to - 1` (√2 for a sine); NaN when there is no voltage. */
export function crestFactor(x: Float64Array, from = 0, to = x.length): number {
  let peak = 0;
  let sum = 0;
  for (let i = from; i < to; i += 1) {
    const value = x[i] ?? 0;
    if (Math.abs(value) > peak) peak = Math.abs(value);
    sum += value * value;
  }
  return sum > 0 ? peak / Math.sqrt(sum / (to - from)) : Number.NaN;
}
