/** Summary of a stored waveform for people. */
import { cycleRms } from '../signal/index.js';
import type { BoxEventDocument, Store } from '../store/store.js';

/** Sampling rate of every box, Hz. */
const SAMPLE_RATE = 12_000;

export interface WaveformSummary {
  box_id: string;
  bytes: number;
  seconds: number;
  /** min and max RMS of a cycle, volts; NaN without a whole cycle */
  rms_min: number;
  rms_max: number;
}

export async function summarizeWaveform(
  store: Store,
  { box_id, data_fs_filename }: BoxEventDocument,
): Promise<WaveformSummary> {
  const bytes = (await store.waveform(data_fs_filename)) ?? Buffer.alloc(0);
  const constant = (await store.box(box_id))?.calibration_constant || 1;
  const samples = samplesOf(bytes);
  let min = Number.NaN;
  let max = Number.NaN;
  for (const counts of cycleRms(samples)) {
    if (!(counts >= min)) min = counts;
    if (!(counts <= max)) max = counts;
  }
  return {
    box_id,
    bytes: bytes.length,
    seconds: samples.length / SAMPLE_RATE,
    rms_min: min / constant,
    rms_max: max / constant,
  };
}

/** Counts from the stored bytes (int16, little endian). */
export function samplesOf(bytes: Buffer): Int16Array {
  const samples = new Int16Array(bytes.length >> 1);
  for (let i = 0; i < samples.length; i += 1) samples[i] = bytes.readInt16LE(2 * i);
  return samples;
}
