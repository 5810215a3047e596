/**
 * Samples of a window that is a whole number of cycles of the fundamental and no whole number of samples, laid on a power of two of even
 * steps: what IEC 61000-4-7:2002+A1:2008, 4.4.1 asks for (the window synchronised with the fundamental). Band-limited interpolation with a
 * Kaiser-windowed sinc (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3 and 4.6). The sums are made in WebAssembly (assembly/resample.ts) with
 * numbers of 32 bits, whose rounding is 70 dB below the stop band.
 */
import { wasmExports } from '../../common/wasm.js';
import { sinc } from '../fir.js';

/** Stop band: what folds down, and the images of the fundamental, dB below. */
const ATTENUATION_DB = 70;
const KAISER_BETA = 0.1102 * (ATTENUATION_DB - 8.7);
/** Sets of coefficients between two samples: the nearest is taken, 1/512 of a sample off at most. */
const PHASES = 256;

const MODULE = new URL('./resample.wasm', import.meta.url);
const PAGE = 65_536;
/** The first bytes are left to the module. */
const RESERVED = 1024;

interface Exports {
  memory: WebAssembly.Memory;
  resample(
    samples: number,
    from: number,
    step: number,
    points: number,
    table: number,
    taps: number,
    phases: number,
    out: number,
  ): void;
}

/** A fixed number of points from windows of about the same length. */
export class WindowResampler {
  readonly points: number;
  /** samples on either side of a window that take part */
  readonly reach: number;
  readonly #taps: number;
  readonly #exports: Exports;
  /** one row a phase */
  #table: Float32Array;
  #out: Float64Array;
  #samples: Float32Array;

  /**
   * @param points how many points a window gets
   * @param step samples from one point to the next, about
   * @param highest highest frequency that must come through whole, cycles a sample
   * @throws MakaiError BUILD_INCOMPLETE without the built WebAssembly
   */
  constructor(points: number, step: number, highest: number) {
    this.points = points;
    // cycles a sample: what lies above the mirror of `highest`, at the lower of both rates, may not come through
    const mirror = Math.min(1, 1 / step) - highest;
    const cutoff = (highest + mirror) / 2;
    // Kaiser's formula for the length; with no room between both, as good as it gets
    const transition = Math.max(mirror - highest, 0.02);
    const taps = Math.ceil((ATTENUATION_DB - 8) / (2.285 * 2 * Math.PI * transition));
    // a multiple of four: so many at a time
    this.#taps = 4 * Math.max(2, Math.ceil(taps / 4));
    this.reach = this.#taps / 2;
    this.#exports = wasmExports(MODULE) as unknown as Exports;
    // a window may be a fifth longer than the usual one
    [this.#out, this.#table, this.#samples] = this.#layOut(Math.ceil(1.2 * points * step));
    for (let phase = 0; phase <= PHASES; phase += 1) this.#fill(phase, cutoff);
  }

  /** Views of the module's memory, with room for windows of so many samples. */
  #layOut(longest: number): [Float64Array, Float32Array, Float32Array] {
    const { memory } = this.#exports;
    const tableLength = (PHASES + 1) * this.#taps;
    const room = longest + 2 * this.reach + 2;
    const needed = RESERVED + 8 * this.points + 4 * (tableLength + room);
    const missing = Math.ceil(needed / PAGE) - memory.buffer.byteLength / PAGE;
    if (missing > 0) memory.grow(missing);
    const out = new Float64Array(memory.buffer, RESERVED, this.points);
    const table = new Float32Array(memory.buffer, RESERVED + out.byteLength, tableLength);
    return [out, table, new Float32Array(memory.buffer, table.byteOffset + table.byteLength, room)];
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
    const first = Math.floor(from) - this.reach;
    const count = Math.ceil(to) + this.reach + 1 - first;
    if (count > this.#samples.length) [this.#out, this.#table, this.#samples] = this.#layOut(count);
    this.#take(x, first, count);
    this.#exports.resample(
      this.#samples.byteOffset,
      from - first,
      (to - from) / this.points,
      this.points,
      this.#table.byteOffset,
      this.#taps,
      PHASES,
      this.#out.byteOffset,
    );
    return this.#out;
  }

  /** Samples `first` to `first + count - 1`; beyond the ends the last one is held. */
  #take(x: Float64Array, first: number, count: number): void {
    const samples = this.#samples;
    const from = Math.min(Math.max(first, 0), x.length);
    const to = Math.min(Math.max(first + count, from), x.length);
    samples.set(x.subarray(from, to), from - first);
    samples.fill(x[0] ?? 0, 0, Math.min(from - first, count));
    samples.fill(x[x.length - 1] ?? 0, Math.max(to - first, 0), count);
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
