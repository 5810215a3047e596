/** Bytes of a DAT. */
import type { DigitalChannel, TimeBase } from '../recording.js';
import { countOf } from '../samples.js';
import type { DataFormat } from './config.js';
import type { Encoded } from './encode.js';

/** The largest timestamp; the one above says that there is none. */
const MAX_STAMP = 0xffff_fffe;

/** Units of the time column, in microseconds: 1 where that has room, finer for timestamps of their own, coarser for long recordings. */
export function timeMultiplierOf(time: TimeBase): number {
  const needed = 10 ** Math.ceil(Math.log10(Math.max(spanOf(time) * 1e6, 1e-3) / MAX_STAMP));
  const wanted = time.kind === 'timestamps' ? Math.max(needed, 1e-3) : Math.max(needed, 1);
  // 10 ** -3 is 0.001 exactly as text
  return Number(wanted.toPrecision(1));
}

/** Seconds from the first sample to the last. */
function spanOf(time: TimeBase): number {
  if (time.kind === 'timestamps') return (time.seconds.at(-1) ?? 0) - (time.seconds[0] ?? 0);
  return time.sections.reduce((sum, { count, rateHz }) => sum + count / rateHz, 0);
}

/** Timestamps in units of the time column, the first is 0; storing cuts the fraction off, so a half is added. */
function stampsOf(time: TimeBase, multiplier: number): Uint32Array {
  const units = 1e6 / multiplier;
  if (time.kind === 'timestamps') {
    const first = time.seconds[0] ?? 0;
    return Uint32Array.from(time.seconds, (second) => Math.round((second - first) * units));
  }
  const timestamps = new Uint32Array(countOf(time));
  let at = 0;
  let from = 0;
  let before = 0;
  for (const { count, rateHz } of time.sections) {
    const step = units / rateHz;
    const base = (from + before / rateHz) * units + 0.5;
    for (let i = 0; i < count; i += 1) timestamps[at + i] = base + i * step;
    if (count === 0) continue;
    from += (count - 1 + before) / rateHz;
    at += count;
    before = 1;
  }
  return timestamps;
}

export function dataBytes(
  time: TimeBase,
  channels: readonly Encoded[],
  digital: readonly DigitalChannel[],
  {
    revision,
    format,
    count,
    timeMultiplier,
  }: { revision: 1999 | 2013; format: DataFormat; count: number; timeMultiplier: number },
): Uint8Array {
  const timestamps = stampsOf(time, timeMultiplier);
  return format === 'ASCII'
    ? asciiRows(timestamps, channels, digital, revision, count)
    : binaryRecords(timestamps, channels, digital, format, count);
}

const CHUNK_ROWS = 4096;

function asciiRows(
  timestamps: Uint32Array,
  channels: readonly Encoded[],
  digital: readonly DigitalChannel[],
  revision: 1999 | 2013,
  count: number,
): Uint8Array {
  const missing = revision === 2013 ? '' : '99999';
  const chunks: Uint8Array[] = [];
  let rows = '';
  for (let i = 0; i < count; i += 1) {
    rows += `${i + 1},${timestamps[i]}`;
    for (const { numbers } of channels) {
      const value = numbers[i] ?? Number.NaN;
      rows += Number.isNaN(value) ? `,${missing}` : `,${value}`;
    }
    for (const { states } of digital) rows += states[i] === 1 ? ',1' : ',0';
    rows += '\r\n';
    if ((i + 1) % CHUNK_ROWS === 0) {
      chunks.push(Buffer.from(rows, 'latin1'));
      rows = '';
    }
  }
  // 1999 ends the data of an ASCII file with it
  return Buffer.concat([...chunks, Buffer.from(revision === 1999 ? `${rows}\u001a` : rows, 'latin1')]);
}

function binaryRecords(
  timestamps: Uint32Array,
  channels: readonly Encoded[],
  digital: readonly DigitalChannel[],
  format: DataFormat,
  count: number,
): Uint8Array {
  const width = format === 'BINARY' ? 1 : 2;
  const step = 4 + width * channels.length + Math.ceil(digital.length / 16);
  const halves = new Uint16Array(step * count);
  for (let i = 0, at = 0; i < count; i += 1, at += step) {
    const timestamp = timestamps[i] ?? 0;
    halves[at] = i + 1;
    halves[at + 1] = (i + 1) >>> 16;
    halves[at + 2] = timestamp;
    halves[at + 3] = timestamp >>> 16;
  }
  for (const [channel, { numbers }] of channels.entries()) put(halves, numbers, 4 + width * channel, step);
  for (const [channel, { states }] of digital.entries()) {
    const bit = channel % 16;
    const from = 4 + width * channels.length + (channel >> 4);
    for (let i = 0, at = from; i < count; i += 1, at += step)
      halves[at] = (halves[at] ?? 0) | ((states[i] ?? 0) << bit);
  }
  return littleEndian(halves);
}

/** One channel's numbers into their places. */
function put(halves: Uint16Array, numbers: Encoded['numbers'], from: number, step: number): void {
  if (numbers instanceof Int16Array) {
    for (let i = 0, at = from; i < numbers.length; i += 1, at += step) halves[at] = numbers[i] ?? 0;
    return;
  }
  const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (let i = 0, at = from; i < words.length; i += 1, at += step) {
    const word = words[i] ?? 0;
    halves[at] = word;
    halves[at + 1] = word >>> 16;
  }
}

function littleEndian(halves: Uint16Array): Uint8Array {
  const bytes = Buffer.from(halves.buffer);
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? bytes : bytes.swap16();
}
