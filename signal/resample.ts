/**
 * Resampling by band-limited interpolation: a sinc with a Kaiser window, its coefficients tabulated by phase and interpolated between
 * phases (Smith and Gossett, ICASSP 1984; Kaiser's window design: Oppenheim and Schafer, 7.5.3). The filter passes what both rates can
 * carry and attenuates the rest by 80 dB, so it is also the anti-alias filter when the rate is reduced.
 */
import { sinc } from './fir.js';

/** Max level of aliases. */
const STOP_BAND_DB = 80;
/** Width of the transition, as a fraction of the lower of the two half rates. */
const TRANSITION = 0.1;
/**
 * Tabulated coefficients from one zero of the sinc to the next; between them they are interpolated linearly (error below the stop band). Zeros lie
 * one sample of the lower rate apart, so a table has the same size (400 kB) whatever the rates are.
 */
const PHASES = 1024;

/** One half of the kernel, from its centre on. */
interface Kernel {
  values: Float64Array;
  /** values per input sample, a fraction where the rate is reduced */
  phases: number;
  /** input samples on each side */
  reach: number;
}

/** A part of a recording in which the interval between samples is nearly constant. */
export interface Piece {
  samples: ArrayLike<number>;
  /** time of each sample, s, rising */
  times: ArrayLike<number>;
}

/**
 * Resamples evenly spaced samples to `outputRate`.
 * @param inputRate Hz
 * @param outputRate Hz
 * @returns as many samples as the input's duration holds
 */
export function resample(samples: ArrayLike<number>, inputRate: number, outputRate: number): Float64Array {
  const count = Math.floor((samples.length * outputRate) / inputRate + 1e-9);
  return interpolate(samples, count, (i) => (i * inputRate) / outputRate, outputRate / inputRate);
}

/**
 * Resamples samples whose interval drifts, because the recorder followed the line frequency, to `outputRate`. The position of each output sample among
 * the input samples is found by its time, and the filter is applied there.
 */
export function resampleTimed({ samples, times }: Piece, outputRate: number): Float64Array {
  const n = Math.min(samples.length, times.length);
  if (n < 2) return new Float64Array(0);
  const start = times[0] ?? 0;
  const last = times[n - 1] ?? 0;
  const meanStep = (last - start) / (n - 1);
  const count = Math.floor((last - start + meanStep) * outputRate + 1e-9);
  let at = 0;
  const place = (i: number): number => {
    const t = start + i / outputRate;
    while (at < n - 2 && (times[at + 1] ?? 0) <= t) at += 1;
    const from = times[at] ?? 0;
    const step = (times[at + 1] ?? 0) - from;
    return at + (t - from) / step;
  };
  return interpolate(samples, count, place, outputRate * meanStep);
}

/**
 * @param place position of output sample i among the input samples, rising
 * @param ratio output rate / input rate
 */
function interpolate(
  samples: ArrayLike<number>,
  count: number,
  place: (i: number) => number,
  ratio: number,
): Float64Array {
  const { values, phases, reach } = kernelFor(Math.min(1, ratio));
  const output = new Float64Array(count);
  const n = samples.length;
  for (let i = 0; i < count; i += 1) {
    const x = place(i);
    const first = Math.ceil(x - reach);
    const last = Math.floor(x + reach);
    let sum = 0;
    let weight = 0;
    for (let k = first; k <= last; k += 1) {
      const distance = Math.abs(x - k) * phases;
      const phase = Math.floor(distance);
      const below = values[phase] ?? 0;
      const coefficient = below + (distance - phase) * ((values[phase + 1] ?? 0) - below);
      weight += coefficient;
      // before the first and after the last sample the signal is continued as its mirror image
      sum += coefficient * (samples[mirrored(k, n)] ?? 0);
    }
    output[i] = sum / weight;
  }
  return output;
}

function mirrored(k: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const folded = ((k % period) + period) % period;
  return folded < n ? folded : period - folded;
}

const kernels = new Map<number, Kernel>();

/** @param ratio the lower rate as a fraction of the input's, at most 1 */
function kernelFor(ratio: number): Kernel {
  const known = kernels.get(ratio);
  if (known !== undefined) return known;
  if (kernels.size > 16) kernels.clear();
  // Kaiser: beta and length for the required stop band and transition
  const beta = 0.1102 * (STOP_BAND_DB - 8.7);
  const transition = Math.PI * TRANSITION * ratio;
  const reach = Math.ceil((STOP_BAND_DB - 8) / (2.285 * transition) / 2);
  // the transition ends at the lower half rate, so nothing above it returns as an alias
  const cutoff = ratio * (1 - TRANSITION / 2);
  const phases = PHASES * ratio;
  const count = Math.ceil(reach * phases) + 1;
  const values = new Float64Array(count + 1);
  for (let i = 0; i < count; i += 1) {
    const x = Math.min(reach, i / phases);
    values[i] = cutoff * sinc(cutoff * x) * (bessel0(beta * Math.sqrt(1 - (x / reach) ** 2)) / bessel0(beta));
  }
  const kernel = { values, phases, reach };
  kernels.set(ratio, kernel);
  return kernel;
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function bessel0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-17 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
