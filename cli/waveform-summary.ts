/** Summary of a stored waveform for people. */
import { int16Of } from '../formats/little-endian.js';
import { cycleRms } from '../signal/index.js';
import { countsPerVolt } from '../store/calibration.js';
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

export async function summarizeWaveform(store: Store, boxEvent: BoxEventDocument): Promise<WaveformSummary> {
  const { box_id, data_fs_filename } = boxEvent;
  const bytes = (await store.waveform(data_fs_filename)) ?? Buffer.alloc(0);
  const constant = countsPerVolt(boxEvent, await store.box(box_id));
  const samples = int16Of(bytes);
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
