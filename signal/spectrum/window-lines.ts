/**
 * The spectral lines of a window that is a whole number of cycles of the fundamental and no whole number of samples: what IEC 61000-4-7:2002+A1:2008, 4.4.1 asks for (the window synchronised
 * with the fundamental). It is laid on a power of two of even steps by band-limited interpolation with a Kaiser-windowed sinc (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3 and
 * 4.6), and transformed. All of that in WebAssembly (assembly/) with numbers of 32 bits, whose rounding is 60 dB below the stop band.
 */
import { wasmExports } from '../../common/wasm.js';
import { sinc } from '../fir.js';

/** Stop band: what folds down, and the images of the fundamental, dB below. */
const ATTENUATION_DB = 70;
const KAISER_BETA = 0.1102 * (ATTENUATION_DB - 8.7);
/** Sets of coefficients between two samples: the nearest is taken, 1/512 of a sample off at most. The module counts on so many. */
const PHASES = 256;

const MODULE = new URL('./spectrum.wasm', import.meta.url);
const PAGE = 65_536;
/** The first bytes are left to the module. */
const RESERVED = 1024;
/** Values of 32 bits that are worked on at a time. */
const AT_ONCE = 4;
/** The module's loops take no less. */
const FEWEST_POINTS = 64;

interface Exports {
  memory: WebAssembly.Memory;
  resample(
    samples: number,
    from: number,
    step: number,
    points: number,
    table: number,
    taps: number,
    even: number,
    odd: number,
  ): void;
  transform(half: number, room: number, other: number, plane: number, turns: number): number;
  sizes(
    half: number,
    room: number,
    plane: number,
    turns: number,
    count: number,
    scale: number,
    out: number,
  ): void;
}

export interface WindowLinesOptions {
  /** a window is laid on so many: a power of two */
  points: number;
  /** samples from one point to the next, about */
  step: number;
  /** highest frequency that must come through whole, cycles a sample */
  highest: number;
  /** how many lines there are to be, up to half as many as points */
  lines: number;
}

/** Where things are in the module's memory, bytes. */
interface Places {
  lines: number;
  /** one row a phase */
  table: number;
  /** cos and -sin of the transform's angles, and of those that make lines of real values of it */
  turns: number;
  lineTurns: number;
  /** of the transform, and another one behind it */
  room: number;
  samples: number;
}

/** A fixed number of lines from windows of about the same length. */
export class WindowLines {
  /** a window is laid on so many */
  readonly points: number;
  readonly lines: number;
  /** samples on either side of a window that take part */
  readonly reach: number;
  readonly #taps: number;
  readonly #exports: Exports;
  readonly #at: Places;
  /** bytes from the real parts of the transform's values to the imaginary ones */
  readonly #plane: number;
  /** lines, and some more up to a whole number of `AT_ONCE` */
  readonly #count: number;
  #lines: Float64Array;
  #samples: Float32Array;

  /**
   * @throws RangeError for a number of points that the transform does not take
   * @throws MakaiError BUILD_INCOMPLETE without the built WebAssembly
   */
  constructor({ highest, lines, points, step }: WindowLinesOptions) {
    if (points < FEWEST_POINTS || !Number.isInteger(Math.log2(points)))
      throw new RangeError(`${points} is no power of two from ${FEWEST_POINTS} on`);
    this.points = points;
    this.lines = lines;
    // cycles a sample: what lies above the mirror of `highest`, at the lower of both rates, may not come through
    const mirror = Math.min(1, 1 / step) - highest;
    // Kaiser's formula for the length; with no room between both, as good as it gets
    const transition = Math.max(mirror - highest, 0.02);
    const taps = Math.ceil((ATTENUATION_DB - 8) / (2.285 * 2 * Math.PI * transition));
    this.#taps = AT_ONCE * Math.max(2, Math.ceil(taps / AT_ONCE));
    this.reach = this.#taps / 2;
    this.#exports = wasmExports(MODULE) as unknown as Exports;
    const half = points / 2;
    this.#count = AT_ONCE * Math.ceil(lines / AT_ONCE);
    this.#plane = 4 * (half + AT_ONCE);
    const table = RESERVED + 8 * this.#count;
    const turns = table + 4 * PHASES * this.#taps;
    const lineTurns = turns + 8 * half;
    const room = lineTurns + 8 * this.#count;
    this.#at = { lines: RESERVED, table, turns, lineTurns, room, samples: room + 4 * this.#plane };
    // a window may be a fifth longer than the usual one
    [this.#lines, this.#samples] = this.#layOut(Math.ceil(1.2 * points * step) + 2 * this.reach + 2);
    this.#fillTable((highest + mirror) / 2);
    this.#fillTurns(turns, half, half);
    this.#fillTurns(lineTurns, this.#count, points);
  }

  /** Views of the module's memory, with room for windows of so many samples. */
  #layOut(longest: number): [Float64Array, Float32Array] {
    const { memory } = this.#exports;
    const missing = Math.ceil((this.#at.samples + 4 * longest) / PAGE) - memory.buffer.byteLength / PAGE;
    if (missing > 0) memory.grow(missing);
    return [
      new Float64Array(memory.buffer, this.#at.lines, this.lines),
      new Float32Array(memory.buffer, this.#at.samples, longest),
    ];
  }

  /** Coefficients of a filter for each place between two samples. @param cutoff cycles a sample */
  #fillTable(cutoff: number): void {
    const taps = this.#taps;
    const table = new Float32Array(this.#exports.memory.buffer, this.#at.table, PHASES * taps);
    for (let phase = 0; phase < PHASES; phase += 1) {
      const row = Float64Array.from({ length: taps }, (_, i) => {
        // from the point to the sample
        const away = i - (taps / 2 - 1) - phase / PHASES;
        return sinc(2 * cutoff * away) * kaiser(away / (taps / 2));
      });
      const sum = row.reduce((a, b) => a + b);
      table.set(
        row.map((value) => value / sum),
        phase * taps,
      );
    }
  }

  /** cos of 2πk/length for `count` k, then -sin. */
  #fillTurns(at: number, count: number, length: number): void {
    const turns = new Float32Array(this.#exports.memory.buffer, at, 2 * count);
    for (let k = 0; k < count; k += 1) {
      const angle = (2 * Math.PI * k) / length;
      turns[k] = Math.cos(angle);
      turns[count + k] = -Math.sin(angle);
    }
  }

  /**
   * Sizes of the lines of the window from place `from` to place `to` (in samples, fractional; the end is not a point), each times `scale`: |Σ x_n exp(-2πjkn/points)|. Beyond
   * the samples the last one is held. @returns memory that the next call writes again
   */
  run(x: Float64Array, from: number, to: number, scale: number): Float64Array {
    const first = Math.floor(from) - this.reach;
    const count = Math.ceil(to) + this.reach + 1 - first;
    if (count > this.#samples.length) [this.#lines, this.#samples] = this.#layOut(count);
    this.#take(x, first, count);
    const at = this.#at;
    const half = this.points / 2;
    const step = (to - from) / this.points;
    const imaginary = at.room + this.#plane;
    const { resample, sizes, transform } = this.#exports;
    resample(at.samples, from - first, step, this.points, at.table, this.#taps, at.room, imaginary);
    const room = transform(half, at.room, at.room + 2 * this.#plane, this.#plane, at.turns);
    sizes(half, room, this.#plane, at.lineTurns, this.#count, scale, at.lines);
    return this.#lines;
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
