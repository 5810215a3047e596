/** Everything that the classification needs of one stretch of waveform without a gap, computed once. */
import { type Crossings, clockCrossings, zeroCrossings } from '../fundamental/crossings.js';
import { type FundamentalTrack, trackFundamental } from '../fundamental/track.js';
import { squareSums, synchronousHalfCycleRms } from '../levels/half-cycle.js';
import { type Take, takeNew } from '../scratch.js';
import { harmonicSubgroups } from '../spectrum/groups.js';
import { spectrumAnalyser, type WindowSpectrum } from '../spectrum/spectrum.js';
import {
  type CycleDifferences,
  cycleDifferences,
  findTransients,
  MIN_SAMPLES_A_CYCLE,
  type TransientSpan,
} from '../transients/find.js';

export interface RunInput {
  /** V, or counts where there is no calibration */
  x: Float64Array;
  rate: number;
  /** Unix ms of sample 0 */
  startMs: number;
  nominalFrequency: number;
  /** unit of the samples; undefined where the calibration is not known: nothing is judged in volts then */
  nominalVoltage: number | undefined;
  /** where the measures' arrays come from; left out: memory of their own */
  take?: Take;
}

/** One window of 10/12 cycles. */
export interface HarmonicWindow {
  /** in samples */
  from: number;
  to: number;
  /** RMS of orders 1 .. (subgroups) */
  orders: Float64Array;
}

export interface RunMeasures extends RunInput {
  /** undefined: there is no fundamental near the nominal frequency, and crossings are those of a clock */
  track: FundamentalTrack | undefined;
  crossings: Crossings;
  /** running sum of squares */
  sums: Float64Array;
  /** Urms(1/2), unit of the samples */
  urms: Float64Array;
  harmonics: HarmonicWindow[];
  /** undefined at rates too low for it */
  differences: CycleDifferences | undefined;
  transients: TransientSpan[];
}

/** Smallest size of a transient, share of the nominal RMS voltage: 6 V at 120 V. */
export const TRANSIENT_FLOOR = 0.05;

/** The x must hold a nominal cycle or more. */
export function measureRun(input: RunInput): RunMeasures {
  const { x, rate, nominalFrequency, nominalVoltage, take = takeNew } = input;
  const track = usable(trackFundamental(x, { rate, nominalFrequency, take }), nominalFrequency);
  const crossings =
    track === undefined ? clockCrossings(x.length, rate, nominalFrequency) : zeroCrossings(track);
  const sums = squareSums(x, take);
  const urms = synchronousHalfCycleRms(sums, crossings);
  // All of it from the beginning, so that V8 sees one kind of object.
  const measures: RunMeasures = {
    ...input,
    track,
    crossings,
    sums,
    urms,
    harmonics: [],
    differences: undefined,
    transients: [],
  };
  if (track === undefined) return measures;
  const analyser = spectrumAnalyser(rate, nominalFrequency);
  const ordersOf = ({ from, lines, to }: WindowSpectrum): HarmonicWindow => ({
    from,
    to,
    orders: harmonicSubgroups({ lines }, analyser.cycles, analyser.highestOrder, take),
  });
  measures.harmonics = analyser.mapWindows(x, crossings, ordersOf, take);
  const fast = rate / nominalFrequency >= MIN_SAMPLES_A_CYCLE && nominalVoltage !== undefined;
  const differences = fast ? cycleDifferences(x, crossings.at, take) : undefined;
  if (differences === undefined) return measures;
  measures.differences = differences;
  measures.transients = findTransients(
    differences,
    crossings.at,
    rate,
    TRANSIENT_FLOOR * (nominalVoltage ?? 0),
  );
  return measures;
}

function usable(track: FundamentalTrack | undefined, nominal: number): FundamentalTrack | undefined {
  return track !== undefined && Math.abs(track.frequency / nominal - 1) <= 0.2 ? track : undefined;
}

/** Unix ms of a place in samples. */
export function timeOf({ startMs, rate }: RunInput, place: number): number {
  return startMs + (place * 1000) / rate;
}
