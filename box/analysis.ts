/**
 * Measurements of a source's cycles, computed once for each cycle or block of cycles and shared by every box that replays the
 * source: a thousand boxes on one loop cost as much analysis as one.
 */
import { createSignalAnalyser, rms, type SignalAnalyser, TRANSIENT_TAPS } from '../signal/index.js';
import { type CycleSource, SAMPLES_PER_CYCLE } from './sources/source.js';

type BlockMetric = 'frequency' | 'thd' | 'transient';

interface Column {
  values: Float64Array;
  known: Uint8Array;
}

/** Sources longer than this (a day) are not cached: 9 bytes a cycle and metric. */
const CACHED_CYCLES = 5_184_000;

/** A box measures blocks of some cycles; a test may ask for more. */
const LONGEST_BLOCK = 60_000;

let shared: SignalAnalyser | undefined;

/** One for all sources of the process. */
function analyser(): SignalAnalyser {
  shared ??= createSignalAnalyser(LONGEST_BLOCK);
  return shared;
}

export class CycleAnalysis {
  readonly #source: CycleSource;
  readonly #columns = new Map<string, Column>();

  constructor(source: CycleSource) {
    this.#source = source;
  }

  /** Volts RMS of cycle `n` of an endless loop over the source, direct component included. */
  rms(n: number): number {
    const index = n % this.#source.cycles;
    return this.#cached(
      'rms',
      index,
      () => rms(this.#source.cycle(index)) / this.#source.calibrationConstant,
    );
  }

  /** Hz over `length` cycles from cycle `n` on; Infinity or NaN for a dead input (signal/box-analyser/frequency.ts). */
  frequency(n: number, length: number): number {
    return this.#block('frequency', n, length, () => analyser().frequency(this.samples(n, length)));
  }

  /** Fraction, over `length` cycles from `n` on: harmonic lines 2 to 40 ungrouped, since a box's window is not the standard's 12 cycles. */
  thd(n: number, length: number): number {
    return this.#block('thd', n, length, () =>
      analyser().thd(this.samples(n, length), { cycles: length, grouping: 'none' }),
    );
  }

  /** Transient magnitude in volts over `length` cycles from `n` on; the cycle before feeds the filter. */
  transient(n: number, length: number): number {
    return this.#block('transient', n, length, () => {
      const before = this.#source.cycle(Math.max(0, n - 1) % this.#source.cycles);
      const window = new Int16Array(TRANSIENT_TAPS - 1 + length * SAMPLES_PER_CYCLE);
      window.set(before.subarray(SAMPLES_PER_CYCLE - (TRANSIENT_TAPS - 1)));
      window.set(this.samples(n, length), TRANSIENT_TAPS - 1);
      return analyser().transientMagnitude(window) / this.#source.calibrationConstant;
    });
  }

  /** Counts of `length` cycles from cycle `n` of the endless loop on, in a row. */
  samples(n: number, length: number): Int16Array {
    const counts = new Int16Array(length * SAMPLES_PER_CYCLE);
    for (let i = 0; i < length; i += 1) {
      counts.set(this.#source.cycle((n + i) % this.#source.cycles), i * SAMPLES_PER_CYCLE);
    }
    return counts;
  }

  #block(metric: BlockMetric, n: number, length: number, compute: () => number): number {
    return this.#cached(`${metric} ${length}`, n % this.#source.cycles, compute);
  }

  #cached(name: string, index: number, compute: () => number): number {
    if (this.#source.cycles > CACHED_CYCLES) return compute();
    let column = this.#columns.get(name);
    if (column === undefined) {
      // `name` holds block lengths of our own code and a box's settings, never a peer's numbers
      column = { values: new Float64Array(this.#source.cycles), known: new Uint8Array(this.#source.cycles) };
      this.#columns.set(name, column);
    }
    if (column.known[index] === 1) return column.values[index] ?? Number.NaN;
    const value = compute();
    column.values[index] = value;
    column.known[index] = 1;
    return value;
  }
}

const analyses = new WeakMap<CycleSource, CycleAnalysis>();

/** The one analysis of a source. */
export function analysisOf(source: CycleSource): CycleAnalysis {
  let analysis = analyses.get(source);
  if (analysis === undefined) {
    analysis = new CycleAnalysis(source);
    analyses.set(source, analysis);
  }
  return analysis;
}
