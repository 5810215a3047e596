/** Urms(1/2) and the spectrum of a part of a waveform, as the analysis computes them. */
import {
  clockCrossings,
  harmonicSubgroups,
  interharmonicSubgroups,
  meanOrders,
  spectrumAnalyser,
  squareSums,
  synchronousHalfCycleRms,
  totalDistortion,
  toVolts,
  trackFundamental,
  zeroCrossings,
} from '../../signal/index.js';
import type { Reference } from '../../store/reference.js';
import type { Rms, Spectrum } from '../api/waveform.js';
import { trimWaveform, type Waveform } from './trimmed.js';

/** Of the spectrum: longer ones are not asked for, and cost as much again. */
export const MAX_SPECTRUM_MS = 10_000;
/** A fundamental further from the nominal frequency is none. */
const FAR = 0.2;

interface Part {
  volts: Float64Array;
  startMs: number;
  stepMs: number;
}

/** The parts without a gap that are a cycle or longer. */
function partsOf(
  waveform: Waveform,
  fromMs: number | undefined,
  toMs: number | undefined,
  frequency: number,
): Part[] {
  const { low, runs } = trimWaveform(waveform, fromMs, toMs);
  return runs
    .filter(({ count, step_ms }) => count * step_ms >= 1000 / frequency)
    .map(({ count, first, start_ms, step_ms }) => ({
      volts: toVolts(low.subarray(first, first + count), waveform.constant),
      startMs: start_ms,
      stepMs: step_ms,
    }));
}

function crossingsOf({ stepMs, volts }: Part, nominalFrequency: number) {
  const rate = 1000 / stepMs;
  const track = trackFundamental(volts, { rate, nominalFrequency });
  const isUsable = track !== undefined && Math.abs(track.frequency / nominalFrequency - 1) <= FAR;
  return {
    hasFundamental: isUsable,
    crossings: isUsable ? zeroCrossings(track) : clockCrossings(volts.length, rate, nominalFrequency),
  };
}

/** @param points values at most: of more the lowest and highest of each so many are given */
export function rmsOf(
  waveform: Waveform,
  { frequency }: Reference,
  { from, points, to }: { from?: number | undefined; to?: number | undefined; points: number },
): Pick<Rms, 'timestamp_ms' | 'min' | 'max'> {
  const times: number[] = [];
  const values: number[] = [];
  for (const part of partsOf(waveform, from, to, frequency)) {
    const { crossings } = crossingsOf(part, frequency);
    const rms = synchronousHalfCycleRms(squareSums(part.volts), crossings);
    for (const [k, value] of rms.entries()) {
      const middle = ((crossings.at[k] ?? 0) + (crossings.at[k + 2] ?? 0)) / 2;
      if (!Number.isFinite(value)) continue;
      times.push(part.startMs + middle * part.stepMs);
      values.push(value);
    }
  }
  const width = Math.ceil(values.length / points);
  if (width <= 1) return { timestamp_ms: times, min: values, max: values };
  const found: Pick<Rms, 'timestamp_ms' | 'min' | 'max'> = { timestamp_ms: [], min: [], max: [] };
  for (let i = 0; i < values.length; i += width) {
    const some = values.slice(i, i + width);
    found.timestamp_ms.push(((times[i] ?? 0) + (times[i + some.length - 1] ?? 0)) / 2);
    found.min.push(Math.min(...some));
    found.max.push(Math.max(...some));
  }
  return found;
}

type Found = Omit<Spectrum, 'event_id' | 'box_id'>;

/** @returns undefined where the span has no whole window of 10/12 cycles without a gap, or no fundamental */
export function spectrumOf(
  waveform: Waveform,
  { frequency: nominal }: Reference,
  { from, to }: { from?: number | undefined; to?: number | undefined },
): Found | undefined {
  const [first] = waveform.runs;
  const fromMs = from ?? first?.startMs ?? 0;
  const toMs = Math.min(to ?? Number.POSITIVE_INFINITY, fromMs + MAX_SPECTRUM_MS);
  const harmonics: Float64Array[] = [];
  const interharmonics: Float64Array[] = [];
  // Each window is a whole number of cycles long.
  let cycles = 0;
  let lengthMs = 0;
  let [startMs, endMs] = [Number.POSITIVE_INFINITY, 0];
  for (const part of partsOf(waveform, fromMs, toMs, nominal)) {
    const { crossings, hasFundamental } = crossingsOf(part, nominal);
    if (!hasFundamental) continue;
    const analyser = spectrumAnalyser(1000 / part.stepMs, nominal);
    for (const window of analyser.windows(part.volts, crossings)) {
      harmonics.push(harmonicSubgroups(window, analyser.cycles, analyser.highestOrder));
      interharmonics.push(interharmonicSubgroups(window, analyser.cycles, analyser.highestOrder));
      cycles += analyser.cycles;
      lengthMs += (window.to - window.from) * part.stepMs;
      startMs = Math.min(startMs, part.startMs + window.from * part.stepMs);
      endMs = Math.max(endMs, part.startMs + window.to * part.stepMs);
    }
  }
  if (harmonics.length === 0) return undefined;
  const orders = meanOrders(harmonics);
  const thd = totalDistortion(orders);
  return {
    from_ms: startMs,
    to_ms: endMs,
    windows: harmonics.length,
    frequency: (1000 * cycles) / lengthMs,
    fundamental: orders[0] ?? 0,
    thd: Number.isFinite(thd) ? thd : 0,
    harmonics: [...orders],
    interharmonics: [...meanOrders(interharmonics)],
  };
}
