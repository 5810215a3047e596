/** The part of a waveform that lies in a range, as samples or as min/max bands. */
import type { SampleRun } from '../../signal/index.js';
import type { WaveformRun } from '../api/waveform.js';

/** A box's waveform: raw counts, and when they were taken. */
export interface Waveform {
  counts: Int16Array;
  runs: readonly SampleRun[];
  /** counts per volt */
  constant: number;
}

export interface Trimmed {
  form: 'samples' | 'bands';
  runs: WaveformRun[];
  /** samples in the range, before decimation */
  inRange: number;
  /** samples; of bands the lowest count of each */
  low: Int16Array;
  /** of bands the highest count of each; of samples the same array */
  high: Int16Array;
}

/** Part of a sample's time: a double of Unix ms is so exact only. */
const ROUNDING = 0.01;

/**
 * @param fromMs undefined: from the first sample on
 * @param toMs before this time; undefined: to the last sample
 * @param points undefined: samples, however many they are
 */
export function trimWaveform(
  { counts, runs }: Pick<Waveform, 'counts' | 'runs'>,
  fromMs = Number.NEGATIVE_INFINITY,
  toMs = Number.POSITIVE_INFINITY,
  points?: number,
): Trimmed {
  const parts = runs.flatMap((run) => partOf(run, counts.length, fromMs, toMs));
  const inRange = parts.reduce((sum, { count }) => sum + count, 0);
  if (points === undefined || inRange <= points) return samplesOf(counts, parts, inRange);
  return bandsOf(counts, parts, inRange, points);
}

function partOf(run: SampleRun, length: number, fromMs: number, toMs: number): SampleRun[] {
  const { startMs, stepMs } = run;
  const count = Math.min(run.count, length - run.first);
  const from = Math.max(0, Math.ceil((fromMs - startMs) / stepMs - ROUNDING));
  const to = Math.min(count, Math.ceil((toMs - startMs) / stepMs - ROUNDING));
  if (to <= from) return [];
  return [{ first: run.first + from, count: to - from, startMs: startMs + from * stepMs, stepMs }];
}

function samplesOf(counts: Int16Array, parts: readonly SampleRun[], inRange: number): Trimmed {
  const values = new Int16Array(inRange);
  const runs: WaveformRun[] = [];
  let at = 0;
  for (const { count, first, startMs, stepMs } of parts) {
    values.set(counts.subarray(first, first + count), at);
    runs.push({ start_ms: startMs, step_ms: stepMs, first: at, count });
    at += count;
  }
  return { form: 'samples', runs, inRange, low: values, high: values };
}

/** Each run gets its share of the points, one at the minimum: so there are never more points than asked for, unless there are more runs. */
function bandsOf(counts: Int16Array, parts: readonly SampleRun[], inRange: number, points: number): Trimmed {
  const width = Math.ceil(inRange / Math.max(1, points - parts.length));
  const sizes = parts.map(({ count }) => Math.ceil(count / width));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const low = new Int16Array(total);
  const high = new Int16Array(total);
  const runs: WaveformRun[] = [];
  let at = 0;
  for (const [i, { count, first, startMs, stepMs }] of parts.entries()) {
    const size = sizes[i] ?? 0;
    minMax(counts.subarray(first, first + count), width, low.subarray(at), high.subarray(at));
    runs.push({ start_ms: startMs, step_ms: width * stepMs, first: at, count: size });
    at += size;
  }
  return { form: 'bands', runs, inRange, low, high };
}

/** Lowest and highest of each `width` samples, the last of what is left. */
export function minMax(samples: Int16Array, width: number, low: Int16Array, high: Int16Array): void {
  let band = 0;
  for (let from = 0; from < samples.length; from += width) {
    const to = Math.min(from + width, samples.length);
    let min = 32_767;
    let max = -32_768;
    for (let i = from; i < to; i += 1) {
      const value = samples[i] ?? 0;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    low[band] = min;
    high[band] = max;
    band += 1;
  }
}
