/**
 * Transient magnitude: the largest absolute value of what lies above 400 Hz. The band of an oscillatory transient (IEEE 1159-2019,
 * table 2: from 0.5 kHz up) stands out of the fundamental and its low harmonics after a high-pass filter; the same measure as
 * the `trans` metric of a Box 3 (125 taps, 400 Hz, at 12 kHz).
 */
import { highPassKernel } from '../fir.js';

/** Coefficients of the filter: this many samples less one are history, not judged. */
export const TRANSIENT_TAPS = 125;

const kernels = new Map<number, Float64Array>();

/**
 * Largest |high-passed sample| of the window, in the samples' unit. The first 124 samples only feed the filter; a window
 * no longer than that gives 0.
 */
export function transientMagnitude(samples: ArrayLike<number>, sampleRate = 12_000): number {
  const kernel = transientKernel(sampleRate);
  let largest = 0;
  for (let at = 0; at + TRANSIENT_TAPS <= samples.length; at += 1) {
    let value = 0;
    for (let i = 0; i < TRANSIENT_TAPS; i += 1) value += (kernel[i] ?? 0) * (samples[at + i] ?? 0);
    if (Math.abs(value) > largest) largest = Math.abs(value);
  }
  return largest;
}

/** The high-pass kernel in use at this sample rate (Hz). */
export function transientKernel(sampleRate = 12_000): Float64Array {
  const known = kernels.get(sampleRate);
  if (known !== undefined) return known;
  if (kernels.size > 16) kernels.clear();
  const kernel = highPassKernel(TRANSIENT_TAPS, 400, sampleRate);
  kernels.set(sampleRate, kernel);
  return kernel;
}
