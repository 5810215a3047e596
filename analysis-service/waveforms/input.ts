/** From a stored waveform to what `analyseWaveform` takes. */
import { type AnalyseOptions, gapsOf, type SampleRun, sampleRuns } from '../../signal/index.js';
import type { BoxEventDocument } from '../../store/store.js';
import type { KnownBox } from './references.js';

/** What crosses to a thread. */
export interface WaveformInput {
  samples: Int16Array<ArrayBuffer>;
  options: AnalyseOptions;
  /** when each sample was taken */
  runs: SampleRun[];
}

/** With what is known of it besides. */
export interface LoadedWaveform {
  input: WaveformInput;
  boxEvent: BoxEventDocument;
  /** what is to be said before it is analysed */
  remarks: string[];
}

/** Ten minutes of a box: more would take more memory than a thread may have. */
export const MAX_SAMPLES = 7_200_000;

const BOX_RATE = 12_000;

/**
 * @param bytes as they are stored; undefined: the file is missing
 * @param known of its box, also of one that is not recorded (any more)
 */
export function waveformInput(
  boxEvent: BoxEventDocument,
  bytes: Uint8Array | undefined,
  { box, calibration, reference }: KnownBox,
): LoadedWaveform {
  const remarks: string[] = [];
  if (bytes === undefined) remarks.push('the waveform is missing in the store');
  if (box === undefined && calibration === undefined)
    remarks.push('the box is not recorded: its calibration is not known');
  const samples = samplesOf(bytes ?? new Uint8Array(), remarks);
  const { event_start_timestamp_ms: firstMs, window_timestamps_ms: times } = boxEvent;
  const runs = sampleRuns(times, samples.length, firstMs);
  const [first] = runs;
  const options: AnalyseOptions = {
    rate: first === undefined ? BOX_RATE : 1000 / first.stepMs,
    nominalVoltage: reference.voltage,
    nominalFrequency: reference.frequency,
    calibration,
    startMs: first?.startMs ?? firstMs,
    gaps: gapsOf(runs),
  };
  return { boxEvent, input: { samples, options, runs }, remarks };
}

/** In a buffer of its own, which may be handed over to a thread: that of the bytes, where they have one. */
function samplesOf(bytes: Uint8Array, remarks: string[]): Int16Array<ArrayBuffer> {
  const whole = bytes.byteLength >> 1;
  const count = Math.min(whole, MAX_SAMPLES);
  if (bytes.byteLength % 2 !== 0) remarks.push('half a sample at the end was left out');
  if (count < whole) remarks.push(`only the first ${count} of ${whole} samples were judged`);
  const { buffer } = bytes;
  if (bytes.byteOffset === 0 && bytes.byteLength === buffer.byteLength && buffer instanceof ArrayBuffer)
    return new Int16Array(buffer, 0, count);
  const samples = new Int16Array(count);
  new Uint8Array(samples.buffer).set(bytes.subarray(0, 2 * count));
  return samples;
}

/** Samples on each side of an incident, ms. */
const MARGIN_MS = 1;

/** The samples of an incident and a few on either side. */
export function samplesAround(
  { runs, samples }: WaveformInput,
  { endMs, startMs }: { startMs: number; endMs: number },
): Int16Array<ArrayBuffer> {
  return samplesWithin(samples, runs, startMs - MARGIN_MS, endMs + MARGIN_MS);
}

/** The samples from `fromMs` to `toMs`, both included; a gap inside is left out. */
function samplesWithin(
  samples: Int16Array<ArrayBuffer>,
  runs: readonly SampleRun[],
  fromMs: number,
  toMs: number,
): Int16Array<ArrayBuffer> {
  let [first, last] = [Number.POSITIVE_INFINITY, -1];
  for (const run of runs) {
    const from = Math.max(0, Math.ceil((fromMs - run.startMs) / run.stepMs));
    const to = Math.min(run.count - 1, Math.floor((toMs - run.startMs) / run.stepMs));
    if (to < from) continue;
    first = Math.min(first, run.first + from);
    last = Math.max(last, run.first + to);
  }
  return last < first ? new Int16Array() : samples.slice(first, last + 1);
}
