/** What a person wants to know of a stored waveform at a glance. */
import { cycleRms } from '../signal/index.js';
import type { BoxEventDocument, Store } from '../store/store.js';

/** Samples a second of every box, Hz. */
const SAMPLE_RATE = 12_000;

export interface WaveformSummary {
  box_id: string;
  bytes: number;
  seconds: number;
  /** least and greatest RMS of a cycle, volts; NaN without a whole cycle */
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
  let least = Number.NaN;
  let greatest = Number.NaN;
  for (const counts of cycleRms(samples)) {
    if (!(counts >= least)) least = counts;
    if (!(counts <= greatest)) greatest = counts;
  }
  return {
    box_id,
    bytes: bytes.length,
    seconds: samples.length / SAMPLE_RATE,
    rms_min: least / constant,
    rms_max: greatest / constant,
  };
}

/** Counts from the stored bytes (int16, little endian). */
export function samplesOf(bytes: Buffer): Int16Array {
  const samples = new Int16Array(bytes.length >> 1);
  for (let i = 0; i < samples.length; i += 1) samples[i] = bytes.readInt16LE(2 * i);
  return samples;
}
