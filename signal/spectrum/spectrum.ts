/**
 * Spectral lines of windows of 10 cycles (50 Hz) or 12 cycles (60 Hz), rectangular, synchronised to the fundamental: IEC 61000-4-7:2002+A1:2008,
 * 4.4.1. Lines are a fundamental divided by the cycles apart, 5 Hz at nominal frequency; order h is line h · cycles.
 */
import type { Crossings } from '../fundamental/crossings.js';
import { windowCycles } from '../levels/half-cycle.js';
import { takeNew } from '../scratch.js';
import { WindowLines } from './window-lines.js';

/** Highest order that is looked at. */
export const HIGHEST_ORDER = 50;
/** Part of the sample rate up to which lines are true: above, the box's own filter and the interpolation weaken them. */
const USABLE = 0.42;

/** Where a window lies, and its lines. */
export interface WindowSpectrum {
  /** in samples, fractional */
  from: number;
  to: number;
  /** RMS of each line, unit of the samples; line 0 is the mean */
  lines: Float64Array;
}

/** The lines of one kind of waveform (its rate and nominal frequency); use it again and again. */
export class SpectrumAnalyser {
  readonly rate: number;
  readonly nominalFrequency: number;
  /** cycles in a window */
  readonly cycles: number;
  /** highest order whose group lies below what the rate allows, 50 at most; below 2 there are no harmonics to see */
  readonly highestOrder: number;
  readonly #windows: WindowLines;

  /** @param rate Hz, 800 or more */
  constructor(rate: number, nominalFrequency: number) {
    this.rate = rate;
    this.nominalFrequency = nominalFrequency;
    this.cycles = windowCycles(nominalFrequency);
    // a fundamental 10 % above nominal must still have its highest order in sight
    const visible = (USABLE * rate) / (1.1 * nominalFrequency) - 0.5;
    this.highestOrder = Math.max(1, Math.min(HIGHEST_ORDER, Math.floor(visible)));
    const lines = Math.ceil((this.highestOrder + 0.5) * this.cycles) + 1;
    const points = 2 ** Math.ceil(Math.log2(Math.max(64, lines * 2.4)));
    const samples = (this.cycles * rate) / nominalFrequency;
    this.#windows = new WindowLines({
      ...{ points, lines },
      ...{ step: samples / points, highest: (1.1 * lines) / samples },
    });
  }

  /** Samples beside a window that take part in it. */
  get reach(): number {
    return this.#windows.reach;
  }

  /** Lines of the window between two places. */
  window(x: Float64Array, from: number, to: number, take = takeNew): WindowSpectrum {
    return this.#windowIn(x, from, to, take(this.#windows.lines));
  }

  /** Every whole window of a waveform, one after another, from its first crossing that has samples enough before it. */
  windows(x: Float64Array, crossings: Crossings, take = takeNew): WindowSpectrum[] {
    return this.#places(x, crossings).map(({ from, to }) => this.window(x, from, to, take));
  }

  /** What `map` makes of each of them; their lines are written again by the next one, since those of a long waveform would take much memory. */
  mapWindows<T>(
    x: Float64Array,
    crossings: Crossings,
    map: (window: WindowSpectrum) => T,
    take = takeNew,
  ): T[] {
    const lines = take(this.#windows.lines);
    return this.#places(x, crossings).map(({ from, to }) => map(this.#windowIn(x, from, to, lines)));
  }

  #windowIn(x: Float64Array, from: number, to: number, lines: Float64Array): WindowSpectrum {
    lines.set(this.#windows.run(x, from, to, Math.SQRT2 / this.#windows.points));
    lines[0] = (lines[0] ?? 0) / Math.SQRT2;
    return { from, to, lines };
  }

  #places(x: Float64Array, { at }: Crossings): { from: number; to: number }[] {
    const found: { from: number; to: number }[] = [];
    const step = 2 * this.cycles;
    let k = 0;
    while (k < at.length && (at[k] ?? 0) < Math.min(this.reach, x.length / 8)) k += 1;
    for (; k + step < at.length; k += step) found.push({ from: at[k] ?? 0, to: at[k + step] ?? 0 });
    return found;
  }
}

const analysers = new Map<string, SpectrumAnalyser>();

/** An analyser for this rate and nominal frequency; the last few are kept. Not for use from a callback of another window's. */
export function spectrumAnalyser(rate: number, nominalFrequency: number): SpectrumAnalyser {
  const key = `${rate} ${nominalFrequency}`;
  const known = analysers.get(key);
  if (known !== undefined) return known;
  if (analysers.size >= 8) analysers.clear();
  const made = new SpectrumAnalyser(rate, nominalFrequency);
  analysers.set(key, made);
  return made;
}
