/** Recordings of measurements without a waveform, as rows to replay. */
import type { MetricValues } from '../../proto/index.js';
import { type ReplayRow, single } from '../replay.js';
import { unusable } from './recording.js';

/**
 * Lines `box epoch_ms Vrms Hz`, separated by blanks: a measurement stream as it was received.
 * @throws MakaiError RECORDING_INVALID that names the line
 */
export function parseTriggeringStream(text: string, where: string): ReplayRow[] {
  return text.split(/\r?\n/).flatMap((line, number): ReplayRow[] => {
    if (line.trim() === '') return [];
    const [boxId = 0, timeMs = 0, volts = 0, hertz = 0] = numbers(line.trim().split(/\s+/), 4, where, number);
    return [{ boxId, timeMs, rms: single(volts), f: single(hertz) }];
  });
}

/**
 * CSV `device,t_s,vrms_V` with one row per cycle. Each window of `cycles` rows of a device becomes one measurement with the time of
 * its last row.
 * @param startMs Unix ms of t_s = 0
 * @throws MakaiError RECORDING_INVALID that names the line
 */
export function parseCycleVoltages(
  text: string,
  cycles: number,
  startMs: number,
  where: string,
): ReplayRow[] {
  const windows = new Map<number, number[]>();
  const rows: ReplayRow[] = [];
  for (const [number, line] of text.split(/\r?\n/).entries()) {
    if (number === 0 || line.trim() === '') continue;
    const [boxId = 0, seconds = 0, volts = 0] = numbers(line.split(','), 3, where, number);
    const window = windows.get(boxId) ?? [];
    windows.set(boxId, window);
    window.push(volts);
    if (window.length < cycles) continue;
    rows.push({ boxId, timeMs: startMs + Math.round(seconds * 1000), rms: statistics(window) });
    window.length = 0;
  }
  return rows;
}

function statistics(values: readonly number[]): MetricValues {
  const sum = values.reduce((total, value) => total + value, 0);
  return { min: Math.min(...values), max: Math.max(...values), average: sum / values.length };
}

function numbers(fields: readonly string[], count: number, where: string, line: number): number[] {
  const values = fields.map((field) => Number(field.trim() || Number.NaN));
  if (values.length < count || values.some((value) => !Number.isFinite(value))) {
    throw unusable(
      `${where}, line ${line + 1}: expected ${count} numbers, found "${fields.join(' ').slice(0, 80)}"`,
    );
  }
  return values;
}
