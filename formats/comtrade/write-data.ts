/** Bytes of a DAT. */
import { IS_LITTLE, littleEndian } from '../little-endian.js';
import type { DigitalChannel, SampleArray, TimeBase } from '../recording.js';
import type { Take } from '../scratch.js';
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
  take: Take,
): Uint8Array {
  if (format !== 'ASCII')
    return binaryRecords(time, channels, digital, { format, count, timeMultiplier }, take);
  const timestamps = new Uint32Array(count);
  putStamps(timestamps, time, timeMultiplier, 0, count);
  return asciiRows(timestamps, channels, digital, revision, count);
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

/** Records of one pass: what is written several times stays in the processor's first cache. */
const PASS_RECORDS = 1024;

function binaryRecords(
  time: TimeBase,
  channels: readonly Encoded[],
  digital: readonly DigitalChannel[],
  { format, count, timeMultiplier }: { format: DataFormat; count: number; timeMultiplier: number },
  take: Take,
): Uint8Array {
  const width = format === 'BINARY' ? 1 : 2;
  const step = 4 + width * channels.length + Math.ceil(digital.length / 16);
  const bytes = take(2 * step * count);
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, step * count);
  const isBegun = beginAsBefore(halves, { time, step, timeMultiplier });
  const timestamps = new Uint32Array(Math.min(count, PASS_RECORDS));
  const all = channels.map(({ numbers }) => numbers);
  for (let from = 0; from < count; from += PASS_RECORDS) {
    const to = Math.min(count, from + PASS_RECORDS);
    const records = halves.subarray(step * from, step * to);
    const parts = count <= PASS_RECORDS ? all : all.map((numbers) => numbers.subarray(from, to));
    if (!isBegun) {
      putStamps(timestamps, time, timeMultiplier, from, to);
      putNumbersAndStamps(records, from, timestamps, step);
    }
    putChannels(records, parts, step, width);
    putDigital(records, digital, { from, step, at: 4 + width * channels.length });
  }
  return littleEndian(halves);
}

/** What records of one rate begin with, kept from one recording to the next: the events of an export differ in their samples and in their length. */
interface Beginnings {
  step: number;
  rateHz: number;
  startS: number;
  timeMultiplier: number;
  halves: Uint16Array;
}
let kept: Beginnings | undefined;
/** Longer ones are rare, and not worth the memory: a minute of two boxes is 9 MB. */
const MAX_KEPT_HALVES = 2_097_152;

/**
 * Puts numbers and timestamps into all records as a copy.
 * @returns false where they are to be put one by one: the recording has several rates or none, or is long
 */
function beginAsBefore(
  halves: Uint16Array,
  { time, step, timeMultiplier }: { time: TimeBase; step: number; timeMultiplier: number },
): boolean {
  const [section] = time.kind === 'rates' && time.sections.length === 1 ? time.sections : [];
  if (time.kind !== 'rates' || section === undefined || halves.length > MAX_KEPT_HALVES) return false;
  const { startS } = time;
  const { rateHz } = section;
  const fits =
    kept?.step === step &&
    kept.rateHz === rateHz &&
    kept.startS === startS &&
    kept.timeMultiplier === timeMultiplier;
  if (!fits || kept === undefined || kept.halves.length < halves.length) {
    const beginnings = new Uint16Array(halves.length);
    const timestamps = new Uint32Array(halves.length / step);
    putStamps(timestamps, time, timeMultiplier, 0, timestamps.length);
    putNumbersAndStamps(beginnings, 0, timestamps, step);
    kept = { step, rateHz, startS, timeMultiplier, halves: beginnings };
  }
  halves.set(kept.halves.subarray(0, halves.length));
  return true;
}

/** What each record begins with: its number, counted from 1, and its timestamp, four bytes each. */
function putNumbersAndStamps(halves: Uint16Array, from: number, timestamps: Uint32Array, step: number): void {
  const count = halves.length / step;
  for (let i = 0, at = 0; i < count; i += 1, at += step) {
    const number = from + i + 1;
    const timestamp = timestamps[i] ?? 0;
    halves[at] = number;
    halves[at + 1] = number >>> 16;
    halves[at + 2] = timestamp;
    halves[at + 3] = timestamp >>> 16;
  }
}

/**
 * @param parts of each channel the numbers of these records
 * @param step halves of a record
 * @param width halves of a number
 */
function putChannels(halves: Uint16Array, parts: readonly SampleArray[], step: number, width: number): void {
  const [one, other] = parts;
  let channel = 0;
  if (step % 2 === 0 && IS_LITTLE && one instanceof Int16Array && other instanceof Int16Array) {
    putPair(halves, one, other, step);
    channel = 2;
  }
  for (; channel < parts.length; channel += 1) {
    const numbers = parts[channel];
    if (numbers !== undefined) put(halves, numbers, 4 + width * channel, step);
  }
}

/** The first two channels of 16 bits as one number of 32 bits: half the writes. */
function putPair(halves: Uint16Array, one: Int16Array, other: Int16Array, step: number): void {
  const words = new Uint32Array(halves.buffer, halves.byteOffset, halves.length >> 1);
  const wide = step >> 1;
  for (let i = 0, at = 2; i < one.length; i += 1, at += wide)
    words[at] = ((one[i] as number) & 0xffff) | ((other[i] as number) << 16);
}

/** One channel's numbers into their places. */
function put(halves: Uint16Array, numbers: SampleArray, first: number, step: number): void {
  if (numbers instanceof Int16Array) {
    for (let i = 0, at = first; i < numbers.length; i += 1, at += step) halves[at] = numbers[i] ?? 0;
    return;
  }
  const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (let i = 0, at = first; i < words.length; i += 1, at += step) {
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
