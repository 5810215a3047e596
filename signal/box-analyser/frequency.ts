/**
 * Frequency by counting whole cycles between zero crossings: IEC 61000-4-30:2015, 5.1.1 (the number of integral cycles, divided by
 * their cumulative duration; harmonics attenuated beforehand so that only the fundamental crosses zero).
 *
 * The prefilter is a Hann window one nominal cycle long: its spectrum is zero at every harmonic from the second up, and one
 * half at the fundamental, so no harmonic moves a crossing. Crossings are rising ones only, so a direct component of a
 * few percent does not matter, and are placed by linear interpolation.
 */

export interface FrequencyOptions {
  /** Hz */
  sampleRate?: number;
  /** samples in a nominal cycle: the length of the prefilter */
  samplesPerCycle?: number;
  /** the filtered signal is looked at every so many samples */
  step?: number;
}

/**
 * Hz over the window given, which must hold the prefilter and two crossings: about 3 cycles or more.
 * @returns Infinity when nothing crosses zero (a dead input, as a Box 2 says it), NaN when only one crossing is there
 */
export function frequency(samples: ArrayLike<number>, options: FrequencyOptions = {}): number {
  const sampleRate = options.sampleRate ?? 12_000;
  const crossings = risingCrossings(samples, options);
  if (crossings.length === 0) return Number.POSITIVE_INFINITY;
  if (crossings.length === 1) return Number.NaN;
  const first = crossings[0] ?? 0;
  const last = crossings[crossings.length - 1] ?? 0;
  return (sampleRate * (crossings.length - 1)) / (last - first);
}

/** What the prefilter leaves below this part of the largest sample is rounding, not signal: it crosses nothing. */
export const ROUNDING = 1e-7;

/** Places (in samples, fractional; the prefilter's delay not taken off) where the filtered signal passes zero upwards. */
export function risingCrossings(samples: ArrayLike<number>, options: FrequencyOptions = {}): number[] {
  const length = options.samplesPerCycle ?? 200;
  const step = options.step ?? 4;
  const kernel = hannKernel(length);
  const floor = ROUNDING * largest(samples);
  const found: number[] = [];
  let last = Number.NaN;
  for (let at = 0; at + length <= samples.length; at += step) {
    let value = 0;
    for (let i = 0; i < length; i += 1) value += (kernel[i] ?? 0) * (samples[at + i] ?? 0);
    if (Math.abs(value) <= floor) value = 0;
    if (last < 0 && value >= 0) found.push(at - (step * value) / (value - last));
    last = value;
  }
  return found;
}

function largest(samples: ArrayLike<number>): number {
  let peak = 0;
  for (let i = 0; i < samples.length; i += 1) peak = Math.max(peak, Math.abs(samples[i] ?? 0));
  return peak;
}

const kernels = new Map<number, Float64Array>();

/** A Hann window of `length` samples (periodic form, so that its zeros lie on the harmonics), unit sum. */
export function hannKernel(length: number): Float64Array {
  const known = kernels.get(length);
  if (known !== undefined) return known;
  const kernel = new Float64Array(length);
  for (let i = 0; i < length; i += 1) kernel[i] = (1 - Math.cos((2 * Math.PI * i) / length)) / length;
  kernels.set(length, kernel);
  return kernel;
}
