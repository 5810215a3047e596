/**
 * Frequency from crossings: the number of whole cycles divided by the time they take (IEC 61000-4-30:2015, 5.1.1: over 10 s; the
 * same over a half second and over each cycle, for waveforms that are shorter than 10 s).
 */
import type { Crossings } from './crossings.js';

/** Hz over so many whole cycles, one value a half cycle: value k begins at crossing k. */
export function cyclesFrequency({ at }: Crossings, rate: number, cycles: number): Float64Array {
  const values = new Float64Array(Math.max(0, at.length - 2 * cycles));
  for (let k = 0; k < values.length; k += 1) {
    values[k] = (cycles * rate) / ((at[k + 2 * cycles] ?? 0) - (at[k] ?? 0));
  }
  return values;
}

/** Hz over half a second (25 or 30 nominal cycles), one value a half cycle. */
export function halfSecondFrequency(
  crossings: Crossings,
  rate: number,
  nominalFrequency: number,
): Float64Array {
  return cyclesFrequency(crossings, rate, Math.round(nominalFrequency / 2));
}

export interface FrequencyValue {
  /** in samples: where the window begins and ends */
  from: number;
  to: number;
  hz: number;
}

/**
 * The 10 s value (or that of another time), one for each window of the waveform that is whole: cycles that lie wholly within the
 * window, divided by their time. Windows do not overlap.
 */
export function frequencyValues(
  { at }: Crossings,
  rate: number,
  length: number,
  seconds = 10,
): FrequencyValue[] {
  const values: FrequencyValue[] = [];
  const window = seconds * rate;
  let k = 0;
  // the first sample stands for the time from it to the next: n samples last n periods
  for (let from = 0; from + window <= length + 1e-6; from += window) {
    while (k < at.length && (at[k] ?? 0) < from) k += 1;
    let last = k;
    while (last + 2 < at.length && (at[last + 2] ?? 0) <= from + window) last += 2;
    const cycles = (last - k) / 2;
    const hz = cycles > 0 ? (cycles * rate) / ((at[last] ?? 0) - (at[k] ?? 0)) : Number.NaN;
    values.push({ from, to: from + window, hz });
  }
  return values;
}
