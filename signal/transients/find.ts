/**
 * Transients: what is in one cycle and in neither of its neighbours. A sample is compared with the same point on wave one cycle before and one
 * cycle behind: the fundamental, all harmonics and interharmonics that hold, and a notch of every cycle cancel; a step of amplitude or phase (the
 * edge of a sag) is unlike one side only and is no transient. The smaller of both differences is what stands out.
 */
import { cycleLength } from '../levels/half-cycle.js';
import { takeNew } from '../scratch.js';
import { selected } from '../select.js';

/** Samples a cycle below which nothing is looked for: interpolation between samples would be taken for transients. */
export const MIN_SAMPLES_A_CYCLE = 40;
/** Lulls of up to this belong to one transient, s. */
const LULL_S = 0.004;
/** What noise alone passes once in a thousand hours at 12 kHz, both differences together. */
const SIGMAS = 5.5;

/** Differences from the cycle before, and the noise that is in them. */
export interface CycleDifferences {
  /** sample less the one a cycle before; 0 in the first cycle and a half. Of 32 bits, which take half the memory in a long waveform and are a hundred thousandth of a percent off */
  readonly values: Float32Array;
  /** largest difference of each half cycle, from its crossing on: most need no second look */
  readonly peaks: Float64Array;
  /** samples a cycle at each half cycle */
  readonly lengths: Float64Array;
  /** standard deviation of the differences where nothing happens */
  readonly noise: number;
}

/** Samples `from` to `to - 1` hold one transient above `floor`. */
export interface TransientSpan {
  from: number;
  to: number;
  /** what a difference had to pass, unit of the samples */
  floor: number;
}

/** @param at crossings of the fundamental */
export function cycleDifferences(x: Float64Array, at: Float64Array, take = takeNew): CycleDifferences {
  const { buffer, byteOffset } = take(Math.ceil(x.length / 2));
  const values = new Float32Array(buffer, byteOffset, x.length).fill(0);
  const lengths = new Float64Array(Math.max(0, at.length - 1));
  const peaks = new Float64Array(lengths.length);
  const usual = (2 * ((at[at.length - 1] ?? 0) - (at[0] ?? 0))) / (at.length - 1);
  for (let k = 2; k + 1 < at.length; k += 1) {
    const length = cycleLength(at, k - 2, (at[k] ?? 0) - (at[k - 2] ?? 0), usual);
    lengths[k] = length;
    const whole = Math.floor(length);
    const share = length - whole;
    const from = Math.max(whole + 1, Math.ceil(at[k] ?? 0));
    const to = k + 2 === at.length ? x.length : Math.ceil(at[k + 1] ?? 0);
    let peak = 0;
    for (let i = from; i < to; i += 1) {
      const near = x[i - whole] ?? 0;
      const value = (x[i] ?? 0) - near - share * ((x[i - whole - 1] ?? 0) - near);
      values[i] = value;
      peak = Math.max(peak, Math.abs(value));
    }
    peaks[k] = peak;
  }
  lengths.fill(usual, 0, 2);
  return { values, peaks, lengths, noise: noiseOf(values) };
}

/** From the value that four fifths of some hundred samples do not pass: a disturbance of a few cycles does not count. */
function noiseOf(values: Float32Array): number {
  const stride = Math.max(1, Math.floor(values.length / 500)) | 1;
  const sizes = new Float64Array(Math.floor(values.length / stride));
  for (let i = 0; i < sizes.length; i += 1) sizes[i] = Math.abs(values[i * stride] ?? 0);
  return sizes.length === 0 ? 0 : selected(sizes, Math.floor(sizes.length * 0.8)) / 1.2816;
}

/**
 * Transients in order. The first and the last two cycles of a waveform have no neighbours on both sides and are not judged.
 * @param floor smallest size, unit of the samples; noise raises it
 */
export function findTransients(
  differences: CycleDifferences,
  at: Float64Array,
  rate: number,
  floor: number,
): TransientSpan[] {
  const { values, peaks, lengths, noise } = differences;
  const limit = Math.max(floor, SIGMAS * noise);
  const lull = LULL_S * rate;
  const found: TransientSpan[] = [];
  let open: TransientSpan | undefined;
  for (let k = 2; k + 3 < at.length; k += 1) {
    if ((peaks[k] ?? 0) < limit) continue;
    const ahead = Math.round(lengths[k + 2] ?? lengths[k] ?? 0);
    const to = Math.min(Math.ceil(at[k + 1] ?? 0), values.length - ahead - 1);
    for (let i = Math.ceil(at[k] ?? 0); i < to; i += 1) {
      const before = values[i] ?? 0;
      if (before < limit && before > -limit) continue;
      // the difference from the cycle behind is that cycle's from this one, turned round
      const behind = values[i + ahead] ?? 0;
      if (behind < limit && behind > -limit) continue;
      // it must stand out to the same side of both
      if (before > 0 === behind > 0) continue;
      if (open !== undefined && i - open.to <= lull) open.to = i + 1;
      else {
        open = { from: i, to: i + 1, floor: limit };
        found.push(open);
      }
    }
  }
  return found;
}
