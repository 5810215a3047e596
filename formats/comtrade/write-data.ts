/** Bytes of a DAT. */
import { spread } from '../align.js';
import { IS_LITTLE, littleEndian } from '../little-endian.js';
import type { DigitalChannel, SampleArray, TimeBase } from '../recording.js';
import type { Take } from '../scratch.js';
import type { DataFormat } from './config.js';
import { type Column, PASS_RECORDS, Pass } from './pass.js';
import { newRecords, type PutPair, type Records } from './records.js';

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

/** Timestamps of samples `from` to `to - 1`, in units of the time column, into `timestamps`; the first sample of all has 0. */
function putStamps(
  timestamps: Uint32Array,
  time: TimeBase,
  multiplier: number,
  from: number,
  to: number,
): void {
  const units = 1e6 / multiplier;
  if (time.kind === 'timestamps') {
    const start = time.seconds[0] ?? 0;
    for (let i = from; i < to; i += 1)
      timestamps[i - from] = Math.round(((time.seconds[i] ?? 0) - start) * units);
    return;
  }
  let first = 0;
  let startS = 0;
  let before = 0;
  for (const { count, rateHz } of time.sections) {
    const rise = units / rateHz;
    // Storing drops the fraction, so a half is added.
    const base = (startS + before / rateHz) * units + 0.5;
    const end = Math.min(to, first + count);
    for (let i = Math.max(from, first); i < end; i += 1) timestamps[i - from] = base + (i - first) * rise;
    if (count === 0) continue;
    first += count;
    startS += (count - 1 + before) / rateHz;
    before = 1;
  }
}

interface Memory {
  records: Records | undefined;
  take: Take;
}

export function dataBytes(
  time: TimeBase,
  channels: readonly Column[],
  digital: readonly DigitalChannel[],
  {
    revision,
    format,
    count,
    timeMultiplier,
  }: { revision: 1999 | 2013; format: DataFormat; count: number; timeMultiplier: number },
  memory: Memory,
): Uint8Array {
  if (format !== 'ASCII')
    return binaryRecords(time, channels, digital, { format, count, timeMultiplier }, memory);
  const timestamps = new Uint32Array(count);
  putStamps(timestamps, time, timeMultiplier, 0, count);
  return asciiRows(timestamps, channels, digital, revision, count);
}

const CHUNK_ROWS = 4096;

function asciiRows(
  timestamps: Uint32Array,
  channels: readonly Column[],
  digital: readonly DigitalChannel[],
  revision: 1999 | 2013,
  count: number,
): Uint8Array {
  const missing = revision === 2013 ? '' : '99999';
  const columns = channels.map((channel) =>
    channel.places === undefined
      ? channel.numbers
      : spread(channel.numbers, channel.places, count, channel.missing),
  );
  const chunks: Uint8Array[] = [];
  let rows = '';
  for (let i = 0; i < count; i += 1) {
    rows += `${i + 1},${timestamps[i]}`;
    for (const numbers of columns) {
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
  time: TimeBase,
  channels: readonly Column[],
  digital: readonly DigitalChannel[],
  { format, count, timeMultiplier }: { format: DataFormat; count: number; timeMultiplier: number },
  { records: kept, take }: Memory,
): Uint8Array {
  const width = format === 'BINARY' ? 1 : 2;
  const step = 4 + width * channels.length + Math.ceil(digital.length / 16);
  const begun = kept?.take({ time, step, timeMultiplier }, count) ?? newRecords(step * count, take);
  const { halves, isBegun, putPair = putPairHere } = begun;
  const timestamps = new Uint32Array(isBegun ? 0 : Math.min(count, PASS_RECORDS));
  const passes = channels.map((column, i) => new Pass(column, begun.passes[i % 2 === 0 ? 0 : 1]));
  for (let from = 0; from < count; from += PASS_RECORDS) {
    const to = Math.min(count, from + PASS_RECORDS);
    const records = halves.subarray(step * from, step * to);
    if (!isBegun) {
      putStamps(timestamps, time, timeMultiplier, from, to);
      putNumbersAndStamps(records, from, timestamps, step);
    }
    putChannels(records, passes, { from, to, step, width }, putPair);
    putDigital(records, digital, { from, step, at: 4 + width * channels.length });
  }
  return littleEndian(halves);
}

/** What each record begins with: its number, counted from 1, and its timestamp, four bytes each. */
function putNumbersAndStamps(halves: Uint16Array, from: number, timestamps: Uint32Array, step: number): void {
  const count = halves.length / step;
  if (step % 2 === 0 && IS_LITTLE) {
    const words = new Uint32Array(halves.buffer, halves.byteOffset, halves.length >> 1);
    for (let i = 0, at = 0; i < count; i += 1, at += step >> 1) {
      words[at] = from + i + 1;
      words[at + 1] = timestamps[i] ?? 0;
    }
    return;
  }
  for (let i = 0, at = 0; i < count; i += 1, at += step) {
    const number = from + i + 1;
    const timestamp = timestamps[i] ?? 0;
    halves[at] = number;
    halves[at + 1] = number >>> 16;
    halves[at + 2] = timestamp;
    halves[at + 3] = timestamp >>> 16;
  }
}

interface Shape {
  /** records `from` to `to - 1` */
  from: number;
  to: number;
  /** halves of a record */
  step: number;
  /** halves of a number */
  width: number;
}

/** @param passes of each channel; two of them are loaded and put at a time, since they share memory with the next two */
function putChannels(
  records: Uint16Array,
  passes: readonly Pass[],
  { from, to, step, width }: Shape,
  putPair: PutPair,
): void {
  const isWords = step % 2 === 0 && width === 1 && IS_LITTLE;
  for (let channel = 0; channel < passes.length; channel += 2) {
    const one = passes[channel];
    const other = passes[channel + 1];
    one?.load(from, to);
    other?.load(from, to);
    const first = 4 + width * channel;
    if (isWords && one !== undefined && other !== undefined) {
      putPair(records, one, other, first, step);
      continue;
    }
    if (one !== undefined) put(records, one.numbers, to - from, first, step);
    if (other !== undefined) put(records, other.numbers, to - from, first + width, step);
  }
}

/** Two channels of 16 bits as numbers of 32 bits, which hold two samples of one channel when read and a sample of each when written: half of the reads and writes. */
function putPairHere(halves: Uint16Array, one: Pass, other: Pass, first: number, step: number): void {
  const count = halves.length / step;
  const words = new Int32Array(halves.buffer, halves.byteOffset, halves.length >> 1);
  const ones = one.words;
  const others = other.words;
  const wide = step >> 1;
  const even = count & ~3;
  let at = first >> 1;
  for (let i = 0; i < even >> 1; i += 2) {
    const a = ones[i] as number;
    const b = others[i] as number;
    const c = ones[i + 1] as number;
    const d = others[i + 1] as number;
    words[at] = (a & 0xffff) | (b << 16);
    words[at + wide] = (a >>> 16) | (b & HIGH);
    words[at + 2 * wide] = (c & 0xffff) | (d << 16);
    words[at + 3 * wide] = (c >>> 16) | (d & HIGH);
    at += 4 * wide;
  }
  for (let i = even; i < count; i += 1, at += wide)
    words[at] = ((one.numbers[i] as number) & 0xffff) | ((other.numbers[i] as number) << 16);
}

const HIGH = 0xffff_0000 | 0;

/** One channel's numbers into their places. */
function put(halves: Uint16Array, numbers: SampleArray, count: number, first: number, step: number): void {
  if (numbers instanceof Int16Array) {
    for (let i = 0, at = first; i < count; i += 1, at += step) halves[at] = numbers[i] ?? 0;
    return;
  }
  const words = new Uint32Array(numbers.buffer, numbers.byteOffset, count);
  for (let i = 0, at = first; i < count; i += 1, at += step) {
    const word = words[i] ?? 0;
    halves[at] = word;
    halves[at + 1] = word >>> 16;
  }
}

function putDigital(
  halves: Uint16Array,
  digital: readonly DigitalChannel[],
  { from, step, at: first }: { from: number; step: number; at: number },
): void {
  const count = halves.length / step;
  for (const [channel, { states }] of digital.entries()) {
    const bit = channel % 16;
    for (let i = 0, at = first + (channel >> 4); i < count; i += 1, at += step)
      halves[at] = (bit === 0 ? 0 : (halves[at] ?? 0)) | ((states[from + i] ?? 0) << bit);
  }
}
