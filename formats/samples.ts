/** Values and times of channels. */
import { IS_LITTLE } from './little-endian.js';
import type { AnalogChannel, TimeBase } from './recording.js';

/** Whether sample `index` is one that the recorder did not have. */
export function isMissing({ samples, missing }: AnalogChannel, index: number): boolean {
  const raw = samples[index];
  return raw === undefined || raw === missing || Number.isNaN(raw);
}

/** Whether -32768, which formats take for a missing sample, is one of the samples. */
export function hasLowest(samples: Int16Array): boolean {
  if (!IS_LITTLE) return samples.includes(-0x8000);
  // The number as a letter of UTF-16: a search for text is eight times as fast.
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return bytes.includes('\u8000', 0, 'utf16le');
}

/** The channel's values in its own unit; NaN where one is missing. */
export function valuesOf(channel: AnalogChannel): Float64Array {
  const { samples, scale, offset, missing } = channel;
  const values = new Float64Array(samples.length);
  for (let i = 0; i < values.length; i += 1) {
    const raw = samples[i] ?? Number.NaN;
    values[i] = raw === missing ? Number.NaN : scale * raw + offset;
  }
  return values;
}

/** Number of samples that the time base has times for. */
export function countOf(time: TimeBase): number {
  return time.kind === 'timestamps'
    ? time.seconds.length
    : time.sections.reduce((sum, { count }) => sum + count, 0);
}

/** Seconds after the recording's start of each sample; does not include a channel's skew. */
export function secondsOf(time: TimeBase): Float64Array {
  if (time.kind === 'timestamps') return time.seconds;
  const seconds = new Float64Array(countOf(time));
  let at = 0;
  // time and place of the sample before the section, by its own rate
  let from = time.startS;
  let before = 0;
  for (const { count, rateHz } of time.sections) {
    for (let i = 0; i < count; i += 1) seconds[at + i] = from + (i + before) / rateHz;
    if (count === 0) continue;
    at += count;
    from = seconds[at - 1] ?? from;
    before = 1;
  }
  return seconds;
}
