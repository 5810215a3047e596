/** Voltages of a recording as the waveforms of boxes: cycles of 200 samples at 12 kHz, counts of 16 bits, a timestamp per cycle. */
import { resampleTimed } from '../../signal/index.js';
import { momentToMs } from '../moment.js';
import { piecesWithoutGaps, type TimedSamples } from '../pieces.js';
import { unreadable } from '../problems.js';
import type { AnalogChannel } from '../recording.js';
import type { Voltage } from '../voltage.js';

const RATE_HZ = 12_000;
const PER_CYCLE = 200;
/** An hour and a half of one channel. */
const MAX_SAMPLES = RATE_HZ * 5400;
/** A range that the file declares is the instrument's where the signal fills a part of it; some declare the range of the numbers. */
const USED_PART = 8;
/** Resampling and a later recording may go past the largest sample. */
const HEADROOM = 1.2;
const FULL_SCALE = 32_767;

/** A channel at 12 kHz, still in volts. */
export interface Waveform {
  /** whole cycles, one piece after the other */
  volts: Float64Array;
  /** Unix ms, when the last sample of each cycle was taken */
  timesMs: number[];
}

/**
 * @param startMs Unix ms from which the channel's times count
 * @param file for messages
 * @throws MakaiError RECORDING_INVALID when it is shorter than a cycle, too long, or its times do not rise
 */
export function waveformOf(voltage: Voltage, startMs: number, file: string): Waveform {
  const { channel, time } = voltage;
  const what = `channel ${channel.name}`;
  // Counts of a box, and what we exported, stay as they are.
  const isAtRate = time.kind === 'rates' && time.sections.every(({ rateHz }) => rateHz === RATE_HZ);
  const parts: Float64Array[] = [];
  const timesMs: number[] = [];
  let samples = 0;
  for (const piece of piecesWithoutGaps(voltage)) {
    const seconds = spanOf(piece, what, file);
    samples += seconds * RATE_HZ;
    if (!(samples <= MAX_SAMPLES)) {
      throw unreadable(
        { file },
        `${what} lasts ${(samples / RATE_HZ).toPrecision(6)} s by its times, more than the ${MAX_SAMPLES / RATE_HZ} s that can be imported`,
      );
    }
    const volts = isAtRate ? piece.samples : resampleTimed(piece, RATE_HZ);
    const cycles = Math.floor(volts.length / PER_CYCLE);
    parts.push(volts.subarray(0, cycles * PER_CYCLE));
    const fromMs = startMs + 1000 * ((piece.times[0] ?? 0) + channel.skewS);
    for (let i = 1; i <= cycles; i += 1)
      timesMs.push(Math.round(fromMs + ((i * PER_CYCLE - 1) * 1000) / RATE_HZ));
  }
  if (timesMs.length === 0) {
    throw unreadable(
      { file },
      `${what} is shorter than one measurement: ${Math.round(samples)} samples at 12 kHz, less than a cycle of ${PER_CYCLE}`,
      'If it is longer, its sampling rate or the unit of its times is not what the file says.',
    );
  }
  const volts = new Float64Array(timesMs.length * PER_CYCLE);
  let at = 0;
  for (const part of parts) {
    volts.set(part, at);
    at += part.length;
  }
  return { volts, timesMs };
}

function spanOf({ times }: TimedSamples, what: string, file: string): number {
  for (let i = 1; i < times.length; i += 1) {
    if ((times[i] ?? 0) > (times[i - 1] ?? 0)) continue;
    throw unreadable(
      { file },
      `the times of ${what} do not rise: ${times[i - 1]} s, then ${times[i]} s`,
      'Name the column of times, or the sampling rate.',
    );
  }
  return (times[times.length - 1] ?? 0) - (times[0] ?? 0);
}

/** The volts that a box for this channel must hold: the instrument's range where the file says it, else more than its largest sample. */
export function rangeOf({ values, channel }: Pick<Voltage, 'values' | 'channel'>, factor: number): number {
  const peak = peakOf(values);
  const declared = declaredRange(channel) * factor;
  const isRange = declared >= peak && declared <= USED_PART * peak;
  return isRange ? declared : HEADROOM * peak;
}

function declaredRange({ range, scale, offset }: AnalogChannel): number {
  if (range === undefined) return 0;
  return Math.max(Math.abs(range.min * scale + offset), Math.abs(range.max * scale + offset));
}

export function peakOf(values: Float64Array): number {
  let peak = 0;
  for (const value of values) if (Math.abs(value) > peak) peak = Math.abs(value);
  return peak;
}

/** Counts per volt of a box that holds `rangeV`; 1 where there is nothing to hold. */
export function calibrationFor(rangeV: number): number {
  return rangeV > 0 ? Number((FULL_SCALE / rangeV).toPrecision(12)) : 1;
}

/** @returns undefined where a sample does not fit 16 bits */
export function countsOf(volts: Float64Array, countsPerVolt: number): Int16Array | undefined {
  const counts = new Int16Array(volts.length);
  for (let i = 0; i < counts.length; i += 1) {
    const count = Math.round((volts[i] ?? 0) * countsPerVolt);
    if (!(count >= -32_768 && count <= FULL_SCALE)) return undefined;
    counts[i] = count;
  }
  return counts;
}

/** Unix ms of a recording's start. @throws MakaiError RECORDING_INVALID where neither the file nor the option says it */
export function startOf(
  { start }: Pick<Voltage, 'start'>,
  { startMs, utcOffsetMin }: { startMs?: number; utcOffsetMin?: number },
  file: string,
): number {
  if (startMs !== undefined) return startMs;
  if (start === undefined) {
    throw unreadable({ file }, 'does not say when it was recorded', 'Say when it began: --start <time>.');
  }
  const ms = momentToMs(start);
  return start.zone === 'unknown' && utcOffsetMin !== undefined ? ms - 60_000 * utcOffsetMin : ms;
}
