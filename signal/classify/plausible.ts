/** Whether a stretch can be what it is said to be: a grid voltage, not clipped, in volts. */
import { roughMedian } from '../samples.js';
import type { RunMeasures } from './run-measures.js';
import type { Remark } from './types.js';

/** Median RMS over nominal above which the calibration is wrong: no network stands three times its voltage for half a waveform. */
const TOO_HIGH = 3;

/** The smallest and largest sample. */
export function rangeOf(x: Float64Array): { low: number; high: number } {
  // Kept in an array: V8 makes an object of each value of a variable that is returned in one.
  const range = Float64Array.of(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  for (let i = 0; i < x.length; i += 1) {
    const value = x[i] ?? 0;
    if (value < (range[0] ?? 0)) range[0] = value;
    if (value > (range[1] ?? 0)) range[1] = value;
  }
  return { low: range[0] ?? Number.NaN, high: range[1] ?? Number.NaN };
}

export function wrongCalibration(urms: Float64Array, nominalVoltage: number): Remark | undefined {
  const level = roughMedian(urms);
  if (!(level > TOO_HIGH * nominalVoltage)) return undefined;
  const times = (level / nominalVoltage).toPrecision(3);
  return {
    code: 'WRONG_CALIBRATION',
    text: `RMS is ${level.toPrecision(4)} V, ${times} times nominal: the calibration constant must be wrong; voltage and transients were not judged`,
  };
}

/** Undefined when the fundamental is near nominal, or there is no voltage that could have one. */
export function notMains(run: RunMeasures, share: number): Remark | undefined {
  if (run.track !== undefined) {
    const { amplitude } = run.track;
    const fundamental = roughMedian(amplitude) / Math.SQRT2;
    const level = roughMedian(run.urms);
    if (level < share || fundamental > 0.3 * level) return undefined;
    return { code: 'NOT_MAINS', text: `no clear fundamental near ${run.nominalFrequency} Hz: not judged` };
  }
  const level = Math.max(0, ...strided(run.urms));
  if (level < share) return undefined;
  const hz = roughFrequency(run.x, run.rate);
  const what =
    hz === undefined ? 'what is there does not alternate' : `what is there has about ${hz.toPrecision(3)} Hz`;
  return { code: 'NOT_MAINS', text: `no fundamental near ${run.nominalFrequency} Hz: ${what}; not judged` };
}

function strided(values: Float64Array): number[] {
  const stride = Math.max(1, Math.floor(values.length / 1000));
  return Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride] ?? 0);
}

/** From crossings of the middle, with a dead band of a tenth of the range. */
function roughFrequency(x: Float64Array, rate: number): number | undefined {
  const { low, high } = rangeOf(x);
  const middle = (low + high) / 2;
  const dead = (high - low) / 10;
  let side = 0;
  let first = -1;
  let last = -1;
  let rising = -1;
  for (let i = 0; i < x.length; i += 1) {
    const value = (x[i] ?? 0) - middle;
    if (Math.abs(value) < dead) continue;
    if (value > 0 && side < 0) {
      if (first < 0) first = i;
      last = i;
      rising += 1;
    }
    side = value > 0 ? 1 : -1;
  }
  return rising > 0 ? (rising * rate) / (last - first) : undefined;
}

/** Samples that stand at the same highest (or lowest) value for longer than the crest of a sine of such steps would. */
export function clipped(
  x: Float64Array,
  { low, high }: { low: number; high: number },
  rate: number,
  nominalFrequency: number,
): Remark | undefined {
  const cycle = rate / nominalFrequency;
  const cycles = x.length / cycle;
  // half of the cycles or more stand at the end of the range for a twelfth of a cycle: a crest in steps of 1/128 is flat for a twenty-fifth
  const limit = Math.max(4, cycle / 12);
  const often = (side: { long: number }): boolean => side.long >= Math.max(1, cycles / 2);
  let ends = 0;
  for (let i = 0; i < x.length; i += 1) {
    const value = x[i] ?? 0;
    if (value === high || value === low) ends += 1;
  }
  if (ends < (limit * Math.max(1, cycles)) / 2) return undefined;
  const sideOf = (value: number): { long: number; longest: number } => countLong(x, value, limit);
  const [above, below] = [sideOf(high), sideOf(low)];
  const isCut = (side: { long: number }, level: number): boolean => often(side) && steepAt(x, level);
  if (high === low || !(isCut(above, high) || isCut(below, low))) return undefined;
  const share = Math.round((100 * Math.max(above.longest, below.longest)) / cycle);
  return {
    code: 'CLIPPED',
    text: `samples stand at their highest value for ${share} % of a cycle: clipped; swells, peaks and distortion are not reliable`,
  };
}

/** A crest in steps stands about as long on the step beside its highest; one that is cut off passes that step quickly. */
function steepAt(x: Float64Array, level: number): boolean {
  let beside = Number.NaN;
  let at = 0;
  let next = 0;
  for (let i = 0; i < x.length; i += 1) {
    const value = x[i] ?? 0;
    if (value === level) {
      at += 1;
    } else if (!(Math.abs(value - level) >= Math.abs(beside - level))) {
      next = value === beside ? next : 0;
      beside = value;
    }
    if (value === beside) next += 1;
  }
  return next < 0.1 * at;
}

function countLong(x: Float64Array, level: number, limit: number): { long: number; longest: number } {
  let long = 0;
  let longest = 0;
  let stretch = 0;
  for (let i = 0; i <= x.length; i += 1) {
    if (i < x.length && x[i] === level) {
      stretch += 1;
      continue;
    }
    if (stretch >= limit) long += 1;
    longest = Math.max(longest, stretch);
    stretch = 0;
  }
  return { long, longest };
}
