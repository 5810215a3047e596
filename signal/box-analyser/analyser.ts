/**
 * The measurements of this room over raw counts in WebAssembly (assembly/signal.ts): the same definitions and, but for rounding, the
 * same results as the plain functions, several times as fast. One analyser has a memory of its own, for use again and again.
 */
import { wasmExports } from '../../common/wasm.js';
import { type FrequencyOptions, ROUNDING } from './frequency.js';
import { type HarmonicOptions, highestOrder, reachOf } from './harmonics.js';
import { TRANSIENT_TAPS, transientKernel } from './transient.js';

/** As the functions of the same names in this room, over signed 16-bit counts. */
export interface SignalAnalyser {
  /** RMS of each whole cycle, counts */
  cycleRms(samples: Int16Array, samplesPerCycle?: number): Float64Array;
  /** Urms(1/2), counts */
  halfCycleRms(samples: Int16Array, samplesPerCycle?: number, start?: number): Float64Array;
  /** Hz; Infinity without a crossing, NaN with one */
  frequency(samples: Int16Array, options?: FrequencyOptions): number;
  /** RMS of each order, counts; the window must be a whole number of samples a cycle */
  harmonicRms(samples: Int16Array, options: HarmonicOptions): Float64Array;
  /** fraction of the fundamental; NaN for a dead input */
  thd(samples: Int16Array, options: HarmonicOptions): number;
  /** largest |high-passed sample|, counts */
  transientMagnitude(samples: Int16Array, sampleRate?: number): number;
}

interface Exports {
  memory: WebAssembly.Memory;
  firstCrossing: WebAssembly.Global;
  lastCrossing: WebAssembly.Global;
  windowRms(samples: number, from: number, length: number, step: number, count: number, out: number): void;
  halfWindowRms(samples: number, from: number, step: number, count: number, out: number): void;
  risingCrossings(
    samples: number,
    count: number,
    length: number,
    step: number,
    rounding: number,
    table: number,
  ): number;
  addLines(
    samples: number,
    cycles: number,
    length: number,
    offset: number,
    highest: number,
    weight: number,
    table: number,
    folded: number,
    out: number,
  ): void;
  largestFiltered(
    samples: number,
    count: number,
    taps: number,
    kernel: number,
    scratch: number,
    room: number,
  ): number;
}

const PAGE = 65_536;
/** The first bytes are left to the module. */
const RESERVED = 1024;
/** Longest window of a transform or prefilter: its tables and its folded values are laid out for it. */
const MAX_WINDOW = 12_000;
/** Samples at hand in the transient filter: small enough for the processor's first cache. */
const SCRATCH = 2048;

const MODULE = new URL('./signal.wasm', import.meta.url);

/**
 * @param maxSamples the longest recording that will be given: a minute at 12 kHz unless stated otherwise (2 bytes a sample, and 8 a
 *   result)
 * @throws MakaiError BUILD_INCOMPLETE without the built WebAssembly
 */
export function createSignalAnalyser(maxSamples = 720_000): SignalAnalyser {
  return new Analyser(maxSamples);
}

class Analyser implements SignalAnalyser {
  readonly #maxSamples: number;
  readonly #exports: Exports;
  readonly #samples: Int16Array;
  readonly #out: Float64Array;
  readonly #table: Float64Array;
  readonly #folded: Float64Array;
  readonly #kernel: Float64Array;
  /** length whose cosines and sines the table holds */
  #tableLength = 0;
  /** sample rate whose high-pass the kernel holds */
  #kernelRate = 0;

  constructor(maxSamples: number) {
    this.#maxSamples = maxSamples;
    this.#exports = wasmExports(MODULE) as unknown as Exports;
    const { memory } = this.#exports;
    // widest first, so that each is aligned; a result takes at least two samples
    const lengths = [Math.ceil(maxSamples / 2) + 1, 2 * MAX_WINDOW, 2 * MAX_WINDOW, TRANSIENT_TAPS] as const;
    let at = RESERVED;
    const places = lengths.map((length) => {
      const place = at;
      at += 8 * length;
      return place;
    });
    const needed = Math.ceil((at + 2 * maxSamples) / PAGE) - memory.buffer.byteLength / PAGE;
    if (needed > 0) memory.grow(needed);
    const view = (index: 0 | 1 | 2 | 3): Float64Array =>
      new Float64Array(memory.buffer, places[index], lengths[index]);
    this.#out = view(0);
    this.#table = view(1);
    this.#folded = view(2);
    this.#kernel = view(3);
    this.#samples = new Int16Array(memory.buffer, at, maxSamples);
  }

  cycleRms(samples: Int16Array, samplesPerCycle = 200): Float64Array {
    const from = this.#copyIn(samples);
    const length = whole(samplesPerCycle, 'samples a cycle', 2, this.#maxSamples);
    const count = Math.floor(samples.length / length);
    this.#exports.windowRms(from, 0, length, length, count, this.#out.byteOffset);
    return this.#out.slice(0, count);
  }

  halfCycleRms(samples: Int16Array, samplesPerCycle = 200, start = 0): Float64Array {
    const from = this.#copyIn(samples);
    const step = whole(samplesPerCycle / 2, 'half the samples a cycle', 2, this.#maxSamples);
    whole(start, 'start', 0, this.#maxSamples);
    const count = Math.max(0, Math.floor((samples.length - start - 2 * step) / step) + 1);
    if (count > 0) this.#exports.halfWindowRms(from, start, step, count, this.#out.byteOffset);
    return this.#out.slice(0, count);
  }

  frequency(samples: Int16Array, options: FrequencyOptions = {}): number {
    const from = this.#copyIn(samples);
    const length = whole(options.samplesPerCycle ?? 200, 'samples a cycle', 2, MAX_WINDOW);
    const step = whole(options.step ?? 4, 'step', 1, MAX_WINDOW);
    const table = this.#tableOf(length);
    const found = this.#exports.risingCrossings(from, samples.length, length, step, ROUNDING, table);
    if (found === 0) return Number.POSITIVE_INFINITY;
    if (found === 1) return Number.NaN;
    const { firstCrossing, lastCrossing } = this.#exports;
    return ((options.sampleRate ?? 12_000) * (found - 1)) / (lastCrossing.value - firstCrossing.value);
  }

  harmonicRms(samples: Int16Array, options: HarmonicOptions): Float64Array {
    const from = this.#copyIn(samples);
    const n = whole(samples.length, 'samples of the window', 2, MAX_WINDOW);
    const cycles = whole(options.cycles, 'cycles', 1, n);
    const length = whole(n / cycles, 'samples a cycle', 2, n);
    const reach = reachOf(options);
    const highest = Math.max(0, highestOrder(n, options));
    const table = this.#tableOf(n);
    const out = this.#out.subarray(0, highest).fill(0);
    for (let offset = -Math.floor(reach); offset <= reach; offset += 1) {
      const outermost = options.grouping === 'group' && Math.abs(offset) === reach;
      const weight = (outermost ? 1 : 2) / (n * n);
      this.#exports.addLines(
        from,
        cycles,
        length,
        offset,
        highest,
        weight,
        table,
        this.#folded.byteOffset,
        out.byteOffset,
      );
    }
    return out.slice().map(Math.sqrt);
  }

  thd(samples: Int16Array, options: HarmonicOptions): number {
    const [fundamental = 0, ...orders] = this.harmonicRms(samples, options);
    return Math.sqrt(orders.reduce((sum, value) => sum + value * value, 0)) / fundamental;
  }

  transientMagnitude(samples: Int16Array, sampleRate = 12_000): number {
    const from = this.#copyIn(samples);
    if (this.#kernelRate !== sampleRate) {
      // symmetric: from the middle outwards
      this.#kernel.set(transientKernel(sampleRate).subarray((TRANSIENT_TAPS - 1) / 2));
      this.#kernelRate = sampleRate;
    }
    const { byteOffset: kernel } = this.#kernel;
    const { byteOffset: scratch } = this.#folded;
    return this.#exports.largestFiltered(from, samples.length, TRANSIENT_TAPS, kernel, scratch, SCRATCH);
  }

  /** @throws RangeError for a recording longer than this analyser was made for */
  #copyIn(samples: Int16Array): number {
    if (samples.length > this.#maxSamples) {
      throw new RangeError(`${samples.length} samples; this analyser takes ${this.#maxSamples}`);
    }
    this.#samples.set(samples);
    return this.#samples.byteOffset;
  }

  /** Cosines, then sines, of one turn in `length` steps. */
  #tableOf(length: number): number {
    if (this.#tableLength !== length) {
      for (let i = 0; i < length; i += 1) {
        this.#table[i] = Math.cos((2 * Math.PI * i) / length);
        this.#table[length + i] = Math.sin((2 * Math.PI * i) / length);
      }
      this.#tableLength = length;
    }
    return this.#table.byteOffset;
  }
}

/** @throws RangeError when the value is no whole number within the bounds */
function whole(value: number, what: string, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${what}: ${value} is not a whole number from ${min} to ${max}`);
}
