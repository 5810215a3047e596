/** Numbers of one transient, from the wave that is left when its neighbours' cycle is taken off (IEEE 1159-2019, 4.2: peak, rise, decay, duration, content). */

import { valueAt } from '../samples.js';
import type { CycleDifferences, TransientSpan } from './find.js';
import { fitRing, type Ring } from './ring.js';

export interface TransientMeasure {
  /** in samples: the wave's first one, the one with the peak, and one behind the last */
  from: number;
  peakAt: number;
  to: number;
  /** the wave, fundamental taken off, from `from` on */
  wave: Float64Array;
  /** its largest value, signed, unit of the samples */
  peak: number;
  /** largest |sample| there, fundamental included */
  instantaneous: number;
  /** s, from a tenth of the peak to the peak */
  rise: number;
  /** s, from the peak to the last time that half of it is passed */
  decay: number;
  /** s, from the first to the last time above the floor */
  duration: number;
  /** ∫ wave² dt, unit² · s */
  energy: number;
  /** share of the energy on the side of the peak, 0.5 to 1 */
  oneSided: number;
  /** the peak over the largest value of the other side; Infinity where there is none */
  dominance: number;
  /** sign changes of the wave, those within the noise left out */
  crossings: number;
  /** the damped sine that fits best from the peak on; undefined where there is too little of it */
  ring: Ring | undefined;
}

/** @param at crossings of the fundamental, those that the differences were made with */
export function measureTransient(
  x: Float64Array,
  differences: CycleDifferences,
  at: Float64Array,
  span: TransientSpan,
  rate: number,
): TransientMeasure {
  const { noise } = differences;
  const margin = Math.round(0.002 * rate);
  const [from, to] = [Math.max(0, span.from - margin), Math.min(x.length, span.to + margin)];
  const whole = standingOut(x, differences, at, from, to);
  const quiet = Math.max(2.5 * noise, 0.1 * span.floor);
  // outwards from the span to where the wave is lost in the noise
  let low = span.from - from;
  while (low > 0 && Math.abs(whole[low - 1] ?? 0) > quiet) low -= 1;
  let high = span.to - from;
  let below = 0;
  for (let i = high; i < whole.length && below < 0.0005 * rate; i += 1) {
    if (Math.abs(whole[i] ?? 0) > quiet) {
      high = i + 1;
      below = 0;
    } else below += 1;
  }
  const wave = whole.slice(low, high);
  const first = from + low;
  let peakAt = 0;
  let instantaneous = 0;
  for (let i = 0; i < wave.length; i += 1) {
    if (Math.abs(wave[i] ?? 0) > Math.abs(wave[peakAt] ?? 0)) peakAt = i;
    instantaneous = Math.max(instantaneous, Math.abs(x[first + i] ?? 0));
  }
  const peak = wave[peakAt] ?? 0;
  return {
    from: first,
    peakAt: first + peakAt,
    to: first + wave.length,
    wave,
    peak,
    instantaneous,
    ...timesOf(wave, peakAt, rate),
    duration: (span.to - span.from) / rate,
    ...energyOf(wave, peak, rate),
    crossings: signChanges(wave, Math.max(2.5 * noise, 0.08 * Math.abs(peak))),
    ring: fitRing(wave.subarray(peakAt), rate),
  };
}

/** The smaller of the differences from both neighbours; of a longer transient that from the last clean cycle before it. */
function standingOut(
  x: Float64Array,
  { values, lengths }: CycleDifferences,
  at: Float64Array,
  from: number,
  to: number,
): Float64Array {
  let k = 0;
  while (k + 1 < at.length && (at[k + 1] ?? 0) <= from) k += 1;
  const cycle = lengths[k] ?? 0;
  const wave = new Float64Array(to - from);
  const back = Math.ceil((to - from) / cycle);
  const long = to - from > cycle && from - back * cycle > 0;
  for (let i = from; i < to; i += 1) {
    const value = x[i] ?? 0;
    if (long) {
      wave[i - from] = value - valueAt(x, i - back * cycle);
      continue;
    }
    const before = values[i] ?? 0;
    // not from the differences of the cycle behind: they are taken between samples and weaken a fast ring
    const behind = value - valueAt(x, i + cycle);
    wave[i - from] = Math.abs(behind) < Math.abs(before) ? behind : before;
  }
  return wave;
}

function timesOf(wave: Float64Array, peakAt: number, rate: number): { rise: number; decay: number } {
  const size = Math.abs(wave[peakAt] ?? 0);
  let start = peakAt;
  while (start > 0 && Math.abs(wave[start - 1] ?? 0) > 0.1 * size) start -= 1;
  let half = peakAt;
  for (let i = peakAt; i < wave.length; i += 1) if (Math.abs(wave[i] ?? 0) >= size / 2) half = i;
  return { rise: (peakAt - start + 1) / rate, decay: (half - peakAt + 1) / rate };
}

function energyOf(
  wave: Float64Array,
  peak: number,
  rate: number,
): Pick<TransientMeasure, 'energy' | 'oneSided' | 'dominance'> {
  let sum = 0;
  let other = 0;
  let same = 0;
  for (const value of wave) {
    sum += value * value;
    if (value > 0 === peak > 0) same += value * value;
    else other = Math.max(other, Math.abs(value));
  }
  return { energy: sum / rate, oneSided: sum > 0 ? same / sum : 1, dominance: Math.abs(peak) / other };
}

/** Sign changes between values beyond ±dead. */
export function signChanges(wave: ArrayLike<number>, dead: number): number {
  let changes = 0;
  let side = 0;
  for (let i = 0; i < wave.length; i += 1) {
    const value = wave[i] ?? 0;
    if (Math.abs(value) <= dead) continue;
    const now = value > 0 ? 1 : -1;
    if (side !== 0 && now !== side) changes += 1;
    side = now;
  }
  return changes;
}
