/** One block of a survey's waveform: its values are added to those of the blocks before. */
import {
  crestFactor,
  frequencyValues,
  harmonicSubgroups,
  interharmonicSubgroups,
  spectrumAnalyser,
  squareSums,
  synchronousHalfCycleRms,
  totalDistortion,
  toVolts,
  trackFundamental,
  windowCycles,
  windowRms,
  zeroCrossings,
} from '../../signal/index.js';

export interface BlockValues {
  /** V, of 10/12 cycles */
  rms: number[];
  halfCycle: { min: number; max: number };
  /** Hz, of 10 s */
  frequency: number[];
  /** percent */
  thd: number[];
  /** percent of the fundamental: a list for each order, from the first on */
  harmonics: number[][];
  interharmonics: number[][];
  crest: number;
}

export function noValues(): BlockValues {
  return {
    rms: [],
    halfCycle: { min: Number.POSITIVE_INFINITY, max: 0 },
    frequency: [],
    thd: [],
    harmonics: [],
    interharmonics: [],
    crest: 0,
  };
}

export interface BlockOptions {
  rate: number;
  calibration: number;
  nominalFrequency: number;
}

/** A block that is shorter than two cycles, or without a grid voltage in it, adds nothing. */
export function measureBlock(samples: Int16Array, options: BlockOptions, into: BlockValues): void {
  const { calibration, nominalFrequency, rate } = options;
  const x = toVolts(samples, calibration);
  const track = trackFundamental(x, { rate, nominalFrequency });
  if (track === undefined || !(Math.abs(track.frequency / nominalFrequency - 1) <= 0.2)) return;
  const crossings = zeroCrossings(track);
  const sums = squareSums(x);
  for (const value of windowRms(sums, crossings, windowCycles(nominalFrequency))) into.rms.push(value);
  for (const value of synchronousHalfCycleRms(sums, crossings)) {
    into.halfCycle.min = Math.min(into.halfCycle.min, value);
    into.halfCycle.max = Math.max(into.halfCycle.max, value);
  }
  for (const { hz } of frequencyValues(crossings, rate, x.length)) {
    if (Number.isFinite(hz)) into.frequency.push(hz);
  }
  const analyser = spectrumAnalyser(rate, nominalFrequency);
  for (const { from, lines, to } of analyser.windows(x, crossings)) {
    const orders = harmonicSubgroups({ lines }, analyser.cycles, analyser.highestOrder);
    const fundamental = orders[0] ?? 0;
    if (!(fundamental > 0)) continue;
    into.thd.push(100 * totalDistortion(orders));
    add(into.harmonics, orders, fundamental);
    const between = interharmonicSubgroups({ lines }, analyser.cycles, analyser.highestOrder);
    add(into.interharmonics, between, fundamental);
    into.crest = Math.max(into.crest, crestFactor(x, Math.round(from), Math.round(to)));
  }
}

function add(lists: number[][], orders: Float64Array, fundamental: number): void {
  orders.forEach((value, i) => {
    const list = lists[i] ?? [];
    lists[i] = list;
    list.push((100 * value) / fundamental);
  });
}
