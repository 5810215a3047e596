/**
 * The fundamental's amplitude and phase along a waveform, by complex demodulation: the signal times exp(-jωt) behind a Hann window two cycles
 * long (Oppenheim and Schafer, Discrete-Time Signal Processing, 10.2 on windows). That window's spectrum is zero at 0 Hz and at every harmonic, so
 * neither an offset nor harmonics move the phase; noise is averaged over two cycles; an amplitude that changes leaves the phase alone.
 */
import { medianInPlace } from '../samples.js';
import { type Take, takeNew } from '../scratch.js';
import { selected, strided } from '../select.js';

export interface TrackOptions {
  /** samples a second */
  rate: number;
  /** Hz: what is looked for, within ±20 % */
  nominalFrequency: number;
  /** where the track's arrays come from; left out: memory of their own */
  take?: Take;
}

/** Values at the places `firstPlace + i · hop` (in samples; sample 0 was taken at 0). */
export interface FundamentalTrack {
  readonly rate: number;
  /** samples in the waveform */
  readonly length: number;
  readonly firstPlace: number;
  readonly hop: number;
  /** peak, unit of the samples */
  readonly amplitude: Float64Array;
  /** unwrapped phase of the sine, rad: a rising zero crossing at multiples of 2π */
  readonly phase: Float64Array;
  /** 1 where the fundamental was strong enough to have a phase of its own; elsewhere the phase is interpolated */
  readonly sure: Uint8Array;
  /** Hz: median over the sure places; NaN when there is none */
  readonly frequency: number;
}

/** Share of the nominal frequency by which the fundamental may be off. */
const NEAR = 0.2;
const BLOCKS_A_CYCLE = 12;
/** A fundamental below this part of the waveform's usual one has no phase of its own (an interruption). */
const WEAK = 0.04;
/** Where the amplitude changes by more of itself within a cycle, the window sees two levels and its phase is a few degrees off. */
const STEEP = 0.04;
/** Values that a median or percentile is taken of: sorting more costs more than it gains. */
const SOME = 500;
/** The second pass is at the frequency found when that is off by more. */
const OFF = 0.002;

/** Undefined for a waveform shorter than the window (two nominal cycles) or without any signal. */
export function trackFundamental(x: Float64Array, options: TrackOptions): FundamentalTrack | undefined {
  const { rate, nominalFrequency } = options;
  const { take = takeNew } = options;
  // Both passes write into the same arrays, and the second one may have more places: up to those of the highest frequency.
  const most = Math.floor(x.length / blockOf(rate, (1 + NEAR) * nominalFrequency));
  const room: Room = { re: take(most), im: take(most) };
  const first = demodulate(x, rate, nominalFrequency, room);
  if (first === undefined) return undefined;
  const ratio = first.frequency / nominalFrequency;
  const near = Math.abs(ratio - 1) < NEAR;
  if (!near || Math.abs(ratio - 1) <= OFF) return first;
  return demodulate(x, rate, first.frequency, room) ?? first;
}

interface Room {
  re: Float64Array;
  im: Float64Array;
}

/** Samples that are added up before the window sees them. */
function blockOf(rate: number, frequency: number): number {
  return Math.max(1, Math.round(rate / frequency / BLOCKS_A_CYCLE));
}

function demodulate(
  x: Float64Array,
  rate: number,
  frequency: number,
  room: Room,
): FundamentalTrack | undefined {
  const omega = (2 * Math.PI * frequency) / rate;
  const block = blockOf(rate, frequency);
  const width = Math.max(4, Math.round((2 * rate) / frequency / block));
  const blocks = Math.floor(x.length / block);
  const count = blocks - width + 1;
  if (count < 1) return undefined;
  const { re, im } = room;
  blockSums(x, omega, block, blocks, room);
  const window = new Float64Array(width);
  let weight = 0;
  for (let j = 0; j < width; j += 1) {
    const w = 1 - Math.cos((2 * Math.PI * (j + 0.5)) / width);
    window[j] = w;
    weight += w * block;
  }
  // Amplitudes and angles take the places of the sums that no later one needs.
  const amplitude = re.subarray(0, count);
  const angle = im.subarray(0, count);
  for (let m = 0; m < count; m += 1) {
    let a = 0;
    let b = 0;
    for (let j = 0; j < width; j += 1) {
      const w = window[j] ?? 0;
      a += w * (re[m + j] ?? 0);
      b += w * (im[m + j] ?? 0);
    }
    amplitude[m] = (2 * Math.sqrt(a * a + b * b)) / weight;
    // the phase of the sine, less that of the oscillator
    angle[m] = Math.atan2(b, a) + Math.PI / 2;
  }
  const sure = strong(amplitude, Math.round(rate / frequency / block / 2));
  const slope = unwrap(angle, sure);
  const firstPlace = (width * block - 1) / 2;
  for (let m = 0; m < count; m += 1) {
    angle[m] = (angle[m] ?? 0) + omega * (firstPlace + m * block);
  }
  const found = Number.isNaN(slope) ? Number.NaN : frequency + (slope * rate) / (2 * Math.PI * block);
  return {
    rate,
    length: x.length,
    firstPlace,
    hop: block,
    amplitude,
    phase: angle,
    sure,
    frequency: found,
  };
}

/** Σ x·exp(-jωi) of each block, with the phase of the sample's own place, into the room. */
function blockSums(x: Float64Array, omega: number, block: number, blocks: number, { im, re }: Room): void {
  const cos = Float64Array.from({ length: block }, (_, i) => Math.cos(omega * i));
  const sin = Float64Array.from({ length: block }, (_, i) => Math.sin(omega * i));
  const stepRe = Math.cos(omega * block);
  const stepIm = Math.sin(omega * block);
  let turnRe = 1;
  let turnIm = 0;
  for (let m = 0; m < blocks; m += 1) {
    const from = m * block;
    let a = 0;
    let b = 0;
    for (let i = 0; i < block; i += 1) {
      const value = x[from + i] ?? 0;
      a += value * (cos[i] ?? 0);
      b -= value * (sin[i] ?? 0);
    }
    // (a + jb)·exp(-jω·from)
    re[m] = a * turnRe + b * turnIm;
    im[m] = b * turnRe - a * turnIm;
    if (m % 256 === 255) {
      // the turned pointer drifts by rounding: a fresh one now and then
      const phase = (omega * block * (m + 1)) % (2 * Math.PI);
      turnRe = Math.cos(phase);
      turnIm = Math.sin(phase);
    } else {
      const next = turnRe * stepRe - turnIm * stepIm;
      turnIm = turnRe * stepIm + turnIm * stepRe;
      turnRe = next;
    }
  }
}

/**
 * Where the amplitude is above a part of the usual one (that of the upper half, so that a long interruption does not lower it) and does not change within half
 * a cycle on either side.
 */
function strong(amplitude: Float64Array, halfCycle: number): Uint8Array {
  const some = strided(amplitude, Math.max(1, Math.ceil(amplitude.length / SOME)));
  const usual = selected(some, Math.floor(some.length * 0.9));
  const sure = new Uint8Array(amplitude.length);
  for (let m = 0; m < sure.length; m += 1) sure[m] = (amplitude[m] ?? 0) > WEAK * usual ? 1 : 0;
  const steep = sure.slice();
  for (let m = halfCycle; m + halfCycle < sure.length; m += 1) {
    const before = amplitude[m - halfCycle] ?? 0;
    const behind = amplitude[m + halfCycle] ?? 0;
    if (Math.abs(behind - before) > STEEP * Math.max(before, behind)) {
      steep.fill(0, m - halfCycle, m + halfCycle + 1);
    }
  }
  // an amplitude that changes throughout has no better phase to offer
  return steep.includes(1) ? steep : sure;
}

/**
 * Makes the angles continuous in place; where the fundamental was not sure they go straight from the last sure one to the next.
 * @returns the usual step, rad a place
 */
function unwrap(angle: Float64Array, sure: Uint8Array): number {
  const steps = new Float64Array(SOME);
  let count = 0;
  const stride = Math.ceil(angle.length / SOME);
  for (let m = 1; m < angle.length; m += stride) {
    if (sure[m] !== 1 || sure[m - 1] !== 1) continue;
    steps[count] = turn((angle[m] ?? 0) - (angle[m - 1] ?? 0));
    count += 1;
  }
  const slope = medianInPlace(steps.subarray(0, count));
  const usual = Number.isNaN(slope) ? 0 : slope;
  let last = -1;
  for (let m = 0; m < angle.length; m += 1) {
    if (sure[m] !== 1) continue;
    if (last === -1) {
      for (let k = 0; k < m; k += 1) angle[k] = (angle[m] ?? 0) + (k - m) * usual;
    } else {
      const from = angle[last] ?? 0;
      const expected = from + (m - last) * usual;
      angle[m] = expected + turn((angle[m] ?? 0) - expected);
      const step = ((angle[m] ?? 0) - from) / (m - last);
      for (let k = last + 1; k < m; k += 1) angle[k] = from + (k - last) * step;
    }
    last = m;
  }
  const anchor = last === -1 ? 0 : (angle[last] ?? 0);
  for (let k = last + 1; k < angle.length; k += 1) angle[k] = anchor + (k - Math.max(last, 0)) * usual;
  return slope;
}

/** The angle within ±π. */
export function turn(angle: number): number {
  return angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
}
