/** What minutes of waveform of one box say: Pst, spectrum, statistics of 10/12-cycle values. */
import {
  flicker,
  lampOf,
  PST_SECONDS,
  type SampleRun,
  SETTLING_SECONDS,
  sampleRuns,
} from '../../signal/index.js';
import type { Reference } from '../../store/reference.js';
import { percentile } from '../windows.js';
import { type BlockValues, measureBlock, noValues } from './block.js';
import { type JoinedWaveform, stepOfCounts } from './join.js';

/** Lowest to highest of some values. */
export interface Spread {
  min: number;
  p5: number;
  median: number;
  p95: number;
  max: number;
}

export interface Survey {
  box_id: string;
  /** Unix ms of the first and after the last sample */
  start_ms: number;
  end_ms: number;
  /** s of waveform, and of its longest stretch without a gap */
  measured_s: number;
  longest_s: number;
  gaps: { start_ms: number; seconds: number }[];
  nominal_voltage: number;
  nominal_frequency: number;
  /** one step of the converter, V and percent of nominal. Not reliable: more than 0.2 % */
  resolution: { step_v: number; percent: number; reliable: boolean };
  /** IEC 61000-4-15, of ten minutes each; why there is none */
  pst: number[];
  pst_lamp: string;
  pst_missing?: string;
  /** 10/12-cycle windows that were measured */
  windows: number;
  /** V, of 10/12 cycles */
  rms?: Spread;
  /** V, Urms(1/2) */
  half_cycle_rms?: { min: number; max: number };
  /** Hz, of 10 s */
  frequency?: Spread;
  /** percent, THDS */
  thd?: Spread;
  /** percent of the fundamental, subgroups of IEC 61000-4-7, from the second order on */
  harmonics: { order: number; mean: number; p95: number }[];
  /** percent of the fundamental, centred subgroups after each order */
  interharmonics: { after_order: number; mean: number; p95: number }[];
  largest_crest_factor?: number;
}

export interface SurveyOptions {
  boxId: string;
  /** counts per volt */
  calibration: number;
  reference: Reference;
}

/** Old boxes convert with 8 bits: their steps are as large as what flicker and harmonics are about. */
const RELIABLE_PERCENT = 0.2;
const BLOCK_SECONDS = 60;

/** @param waveform of `joinParts` */
export function survey(waveform: JoinedWaveform, options: SurveyOptions): Survey {
  const { boxId, calibration, reference } = options;
  const { samples, timestampsMs } = waveform;
  const runs = sampleRuns(timestampsMs, samples.length, timestampsMs[0] ?? 0);
  const values = noValues();
  for (const run of runs) {
    const rate = 1000 / run.stepMs;
    const block = Math.round(BLOCK_SECONDS * rate);
    for (let at = 0; at < run.count; at += block) {
      const piece = samples.subarray(run.first + at, run.first + Math.min(at + block, run.count));
      measureBlock(piece, { rate, calibration, nominalFrequency: reference.frequency }, values);
    }
  }
  const step = stepOfCounts(samples) / calibration;
  const percent = (100 * step) / reference.voltage;
  const seconds = (run: SampleRun): number => (run.count * run.stepMs) / 1000;
  const longest = runs.toSorted((a, b) => seconds(b) - seconds(a))[0];
  return {
    box_id: boxId,
    start_ms: runs[0]?.startMs ?? 0,
    end_ms: endOf(runs.at(-1)) ?? 0,
    measured_s: runs.reduce((sum, run) => sum + seconds(run), 0),
    longest_s: longest === undefined ? 0 : seconds(longest),
    gaps: gapsOf(runs),
    nominal_voltage: reference.voltage,
    nominal_frequency: reference.frequency,
    resolution: { step_v: step, percent, reliable: step > 0 && percent <= RELIABLE_PERCENT },
    ...pstPart(samples, runs, reference),
    ...statistics(values),
  };
}

const endOf = (run: SampleRun | undefined): number | undefined =>
  run === undefined ? undefined : run.startMs + run.count * run.stepMs;

function gapsOf(runs: readonly SampleRun[]): Survey['gaps'] {
  return runs.slice(1).map((run, i) => {
    const start = endOf(runs[i]) ?? run.startMs;
    return { start_ms: start, seconds: (run.startMs - start) / 1000 };
  });
}

function pstPart(
  samples: Int16Array,
  runs: readonly SampleRun[],
  { frequency, voltage }: Reference,
): Pick<Survey, 'pst' | 'pst_lamp' | 'pst_missing'> {
  const lamp = lampOf(voltage);
  const grid = Math.abs(frequency - 50) < Math.abs(frequency - 60) ? 50 : 60;
  const pst_lamp = `${lamp} V, ${grid} Hz`;
  const pst = runs.flatMap((run) => {
    const rate = 1000 / run.stepMs;
    const isLong = run.count / rate >= PST_SECONDS + SETTLING_SECONDS;
    return isLong
      ? flicker(samples.subarray(run.first, run.first + run.count), { rate, lamp, grid }).pst
      : [];
  });
  if (pst.length > 0) return { pst, pst_lamp };
  const needed = PST_SECONDS + SETTLING_SECONDS;
  const pst_missing = `Pst needs ${needed} s without a gap (ten minutes, after ${SETTLING_SECONDS} s for the filters)`;
  return { pst, pst_lamp, pst_missing };
}

function statistics(
  values: BlockValues,
): Omit<
  Survey,
  | 'box_id'
  | 'start_ms'
  | 'end_ms'
  | 'measured_s'
  | 'longest_s'
  | 'gaps'
  | 'nominal_voltage'
  | 'nominal_frequency'
  | 'resolution'
  | 'pst'
  | 'pst_lamp'
  | 'pst_missing'
> {
  const { crest, frequency, halfCycle, harmonics, interharmonics, rms, thd } = values;
  const [spreadRms, spreadF, spreadThd] = [spread(rms), spread(frequency), spread(thd)];
  return {
    windows: rms.length,
    ...(spreadRms && { rms: spreadRms }),
    ...(halfCycle.max > 0 && { half_cycle_rms: halfCycle }),
    ...(spreadF && { frequency: spreadF }),
    ...(spreadThd && { thd: spreadThd }),
    harmonics: harmonics.flatMap((order, i) => (i === 0 ? [] : [{ order: i + 1, ...meanAndP95(order) }])),
    interharmonics: interharmonics.map((order, i) => ({ after_order: i, ...meanAndP95(order) })),
    ...(crest > 0 && { largest_crest_factor: crest }),
  };
}

function spread(values: readonly number[]): Spread | undefined {
  const at = (share: number): number => percentile(values, share) ?? Number.NaN;
  if (values.length === 0) return undefined;
  return { min: at(0), p5: at(0.05), median: at(0.5), p95: at(0.95), max: at(1) };
}

/** The mean is the root of the mean square, as IEC 61000-4-30, 4.5 joins windows. */
function meanAndP95(values: readonly number[]): { mean: number; p95: number } {
  const squares = values.reduce((sum, value) => sum + value * value, 0);
  return {
    mean: values.length === 0 ? 0 : Math.sqrt(squares / values.length),
    p95: percentile(values, 0.95) ?? 0,
  };
}
