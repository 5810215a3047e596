/** Samples as the analysis takes them: any of these in, volts as doubles inside. */
import { takeNew } from './scratch.js';
import { selected, strided } from './select.js';

/** A waveform: counts of a box, or volts of a recording. */
export type Samples = Int16Array | Float32Array | Float64Array;

/** Sample rates that the analysis takes, Hz. */
export const MIN_RATE = 800;
export const MAX_RATE = 256_000;

/**
 * Samples `from` to `to - 1` as volts.
 * @param countsPerVolt the calibration constant; 1 for samples in volts
 * @param take where the array comes from
 */
export function toVolts(
  samples: Samples,
  countsPerVolt = 1,
  from = 0,
  to = samples.length,
  take = takeNew,
): Float64Array {
  const volts = take(Math.max(0, to - from));
  const factor = 1 / countsPerVolt;
  // one loop a type: the compiler makes a fast one only where it sees one type
  if (samples instanceof Int16Array) scaleInt16(samples, from, volts, factor);
  else if (samples instanceof Float32Array) scaleFloat32(samples, from, volts, factor);
  else scaleFloat64(samples, from, volts, factor);
  return volts;
}

function scaleInt16(samples: Int16Array, from: number, volts: Float64Array, factor: number): void {
  for (let i = 0; i < volts.length; i += 1) volts[i] = (samples[from + i] ?? 0) * factor;
}

function scaleFloat32(samples: Float32Array, from: number, volts: Float64Array, factor: number): void {
  for (let i = 0; i < volts.length; i += 1) volts[i] = (samples[from + i] ?? 0) * factor;
}

function scaleFloat64(samples: Float64Array, from: number, volts: Float64Array, factor: number): void {
  for (let i = 0; i < volts.length; i += 1) volts[i] = (samples[from + i] ?? 0) * factor;
}

/** Each value divided by `nominal`. In a loop: V8 makes an object of each value that `map` hands to a function. */
export function perUnit(values: Float64Array, nominal: number): Float64Array {
  const pu = new Float64Array(values.length);
  for (let i = 0; i < pu.length; i += 1) pu[i] = (values[i] ?? 0) / nominal;
  return pu;
}

/** Linear interpolation in a table at a fractional place; the ends are held. */
export function valueAt(table: Float64Array, place: number): number {
  const last = table.length - 1;
  if (place <= 0) return table[0] ?? Number.NaN;
  if (place >= last) return table[last] ?? Number.NaN;
  const i = Math.floor(place);
  const a = table[i] ?? 0;
  return a + ((table[i + 1] ?? 0) - a) * (place - i);
}

/** The middle one of the values (of two, their mean); NaN of none. */
export function median(values: ArrayLike<number>): number {
  return medianInPlace(new Float64Array(values));
}

/** As `median`, of some hundred of the values where there are more: looking at all costs more than it gains. */
export function roughMedian(values: Float64Array): number {
  return medianInPlace(strided(values, Math.max(1, Math.ceil(values.length / 400))));
}

/** As `median`, without a copy: the values are moved. */
export function medianInPlace(values: Float64Array): number {
  const n = values.length;
  return (selected(values, n >> 1) + selected(values, (n - 1) >> 1)) / 2;
}
