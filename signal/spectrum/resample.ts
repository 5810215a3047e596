/**
 * Samples of a window that is a whole number of cycles of the fundamental and no whole number of samples, laid on a power of two of even
 * steps: what IEC 61000-4-7:2002+A1:2008, 4.4.1 asks for (the window synchronised with the fundamental). Band-limited interpolation with a
 * Kaiser-windowed sinc (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3 and 4.6).
 */
import { sinc } from '../fir.js';

/** Stop band: what folds down, and the images of the fundamental, dB below. */
const ATTENUATION_DB = 70;
const KAISER_BETA = 0.1102 * (ATTENUATION_DB - 8.7);
/** Sets of coefficients between two samples: the nearest is taken, 1/512 of a sample off at most. */
const PHASES = 256;

/** A fixed number of points from windows of about the same length. */
export class WindowResampler {
  readonly points: number;
  /** samples on either side of a window that take part */
  readonly reach: number;
  readonly #taps: number;
  /** one row a phase */
  readonly #table: Float64Array;
  readonly #out: Float64Array;

  /**
   * @param points how many points a window gets
   * @param step samples from one point to the next, about
   * @param highest highest frequency that must come through whole, cycles a sample
   */
  constructor(points: number, step: number, highest: number) {
    this.points = points;
    this.#out = new Float64Array(points);
    // cycles a sample: what lies above the mirror of `highest`, at the lower of both rates, may not come through
    const mirror = Math.min(1, 1 / step) - highest;
    const cutoff = (highest + mirror) / 2;
    // Kaiser's formula for the length; with no room between both, as good as it gets
    const transition = Math.max(mirror - highest, 0.02);
    const taps = Math.ceil((ATTENUATION_DB - 8) / (2.285 * 2 * Math.PI * transition));
    // a multiple of four: so many at a time
    this.#taps = 4 * Math.max(2, Math.ceil(taps / 4));
    this.reach = this.#taps / 2;
    this.#table = new Float64Array((PHASES + 1) * this.#taps);
    for (let phase = 0; phase <= PHASES; phase += 1) this.#fill(phase, cutoff);
  }

  #fill(phase: number, cutoff: number): void {
    const taps = this.#taps;
    const row = phase * taps;
    let sum = 0;
    for (let i = 0; i < taps; i += 1) {
      // from the point to the sample
      const away = i - (taps / 2 - 1) - phase / PHASES;
      const value = sinc(2 * cutoff * away) * kaiser(away / (taps / 2));
      this.#table[row + i] = value;
      sum += value;
    }
    for (let i = 0; i < taps; i += 1) this.#table[row + i] = (this.#table[row + i] ?? 0) / sum;
  }

  /**
   * The points of the window from place `from` to place `to` (in samples, fractional; the end is not a point). Beyond the samples the
   * last one is held. @returns memory that the next call writes again
   */
  run(x: Float64Array, from: number, to: number): Float64Array {
    const taps = this.#taps;
    const table = this.#table;
    const out = this.#out;
    const step = (to - from) / this.points;
    const inside = from - this.reach >= 0 && to + this.reach < x.length;
    for (let n = 0; n < this.points; n += 1) {
      const place = from + n * step;
      const whole = Math.floor(place);
      const row = Math.round((place - whole) * PHASES) * taps;
      const first = whole - (taps / 2 - 1);
      let sum = 0;
      if (inside) {
        let other = 0;
        for (let i = 0; i < taps; i += 4) {
          const [k, at] = [row + i, first + i];
          sum += (table[k] ?? 0) * (x[at] ?? 0) + (table[k + 1] ?? 0) * (x[at + 1] ?? 0);
          other += (table[k + 2] ?? 0) * (x[at + 2] ?? 0) + (table[k + 3] ?? 0) * (x[at + 3] ?? 0);
        }
        sum += other;
      } else {
        for (let i = 0; i < taps; i += 1) {
          const at = Math.min(Math.max(first + i, 0), x.length - 1);
          sum += (table[row + i] ?? 0) * (x[at] ?? 0);
        }
      }
      out[n] = sum;
    }
    return out;
  }
}

/** Kaiser window at -1 to 1. */
function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(KAISER_BETA * Math.sqrt(1 - x * x)) / bessel(KAISER_BETA);
}

/** Modified Bessel function of the first kind, order 0, by its series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 60 && term > 1e-12 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
