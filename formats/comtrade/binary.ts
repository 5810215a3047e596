/** The DAT part in binary: records of number, time, analog values and digital words, little endian. */
import { unreadable } from '../problems.js';
import type { SampleArray } from '../recording.js';
import type { Warnings } from '../warnings.js';
import type { ComtradeConfig } from './config.js';
import type { ComtradeData } from './data.js';
import { byteOf, type Part } from './parts.js';

const MISSING_16 = -0x8000;
const MISSING_32 = -0x8000_0000;
/** An empty time column. */
const MISSING_TIME = 0xffff_ffff;

/** @throws MakaiError RECORDING_INVALID for a length or sample numbers that do not fit the channels of the CFG */
export function readBinary(part: Part, config: ComtradeConfig, warnings: Warnings): ComtradeData {
  const width = config.format === 'BINARY' ? 2 : 4;
  const words = Math.ceil(config.digital.length / 16);
  const record = 8 + width * config.analog.length + 2 * words;
  const { bytes } = part;
  const count = Math.floor(bytes.length / record);
  if (count === 0)
    throw unreadable(byteOf(part, 0), `${bytes.length} bytes, a record has ${record} by the CFG`);
  // two bytes are the largest unit that every field starts at a multiple of
  const halves = halvesOf(bytes, (count * record) >> 1);
  checkNumbers(part, halves, record, config, warnings);
  const rest = bytes.length - count * record;
  if (rest > 0 && !isPadding(bytes.subarray(count * record))) {
    const text = `${bytes.length} bytes are ${count} records of ${record} bytes and ${rest} more, which are not read`;
    warnings.add('dat-length', byteOf(part, count * record), text);
  }
  const step = record >> 1;
  return {
    count,
    times: timesOf(halves, count, step),
    analog: config.analog.map((_, i) => columnOf(halves, count, step, 4 + (i * width) / 2, config)),
    missing: config.format === 'BINARY' ? MISSING_16 : config.format === 'BINARY32' ? MISSING_32 : undefined,
    digital: statesOf(halves, count, step, 4 + (width / 2) * config.analog.length, config.digital.length),
  };
}

/** The bytes as unsigned 16-bit numbers: in place where they lie evenly and this machine is little endian, else copied. */
function halvesOf(bytes: Uint8Array, length: number): Uint16Array {
  const even = bytes.byteOffset % 2 === 0;
  if (even && LITTLE) return new Uint16Array(bytes.buffer, bytes.byteOffset, length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint16Array.from({ length }, (_, i) => view.getUint16(2 * i, true));
}

const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function timesOf(halves: Uint16Array, count: number, step: number): Float64Array {
  const times = new Float64Array(count);
  for (let i = 0, at = 2; i < count; i += 1, at += step) {
    const time = (halves[at] ?? 0) + (halves[at + 1] ?? 0) * 65_536;
    times[i] = time === MISSING_TIME ? Number.NaN : time;
  }
  return times;
}

function columnOf(
  halves: Uint16Array,
  count: number,
  step: number,
  from: number,
  config: ComtradeConfig,
): SampleArray {
  if (config.format === 'BINARY') {
    const samples = new Int16Array(count);
    for (let i = 0, at = from; i < count; i += 1, at += step) samples[i] = halves[at] ?? 0;
    return samples;
  }
  const samples = new Uint32Array(count);
  for (let i = 0, at = from; i < count; i += 1, at += step) {
    samples[i] = ((halves[at] ?? 0) | ((halves[at + 1] ?? 0) << 16)) >>> 0;
  }
  if (config.format === 'BINARY32') return new Int32Array(samples.buffer);
  return finite(new Float32Array(samples.buffer));
}

/** FLOAT32 has several ways to say that there is no value; NaN is ours. */
function finite(samples: Float32Array): Float32Array {
  for (let i = 0; i < samples.length; i += 1) if (!Number.isFinite(samples[i])) samples[i] = Number.NaN;
  return samples;
}

function statesOf(
  halves: Uint16Array,
  count: number,
  step: number,
  from: number,
  channels: number,
): Uint8Array[] {
  return Array.from({ length: channels }, (_, channel) => {
    const states = new Uint8Array(count);
    const bit = channel % 16;
    for (let i = 0, at = from + (channel >> 4); i < count; i += 1, at += step)
      states[i] = ((halves[at] ?? 0) >> bit) & 1;
    return states;
  });
}

/**
 * Sample numbers are the only statement of a binary DAT about where its records begin. They rise by 1, or the record's length is wrong:
 * then every value would be read from a wrong place. Recorders that leave them 0 are believed where the number of records is what the CFG
 * announces.
 */
function checkNumbers(
  part: Part,
  halves: Uint16Array,
  record: number,
  config: ComtradeConfig,
  warnings: Warnings,
): void {
  const step = record >> 1;
  const count = halves.length / step;
  const numberAt = (i: number): number => (halves[i * step] ?? 0) + (halves[i * step + 1] ?? 0) * 65_536;
  let breaks = 0;
  let first = 0;
  let previous = numberAt(0) - 1;
  for (let i = 0; i < count; i += 1) {
    const number = numberAt(i);
    if (number !== previous + 1) {
      if (breaks === 0) first = i;
      breaks += 1;
    }
    previous = number;
  }
  const announced = config.rates.at(-1)?.lastSample;
  const starts = numberAt(0);
  if (breaks === 0 && starts !== 1 && count > 1) {
    warnings.add(
      'dat-numbers',
      byteOf(part, 0),
      `sample numbers begin with ${starts} where 1 belongs: records are read in their order`,
    );
  }
  if (breaks === 0) return;
  const place = byteOf(part, first * record);
  const found = `sample number ${numberAt(first)} where ${numberAt(first - 1) + 1} belongs`;
  const fits = otherRecord(part.bytes, record);
  const exact = part.bytes.length === record * (announced ?? 0);
  // a few records lost, or numbers that are not kept at all in a file of the right length
  const few = breaks <= Math.max(2, count / 10);
  if (fits === undefined && (exact || (few && count > 2))) {
    warnings.add('dat-numbers', place, `${found} (${breaks} such places): records are read in their order`);
    return;
  }
  const size =
    fits === undefined
      ? `${announced ?? 'no number of'} samples are announced`
      : `they fit records of ${fits} bytes`;
  throw unreadable(
    place,
    `${found}: by the CFG a record has ${record} bytes (${config.analog.length} analog and ${config.digital.length} digital channels, ${config.format}), and the file is ${part.bytes.length} bytes long; ${size}`,
    'Correct the numbers of channels or the data format in the CFG.',
  );
}

/** Sample numbers looked at to find the length of a record. */
const LOOK = 16;
/** How much longer or shorter than the CFG says. */
const SEARCH = 64;

/** A record's length, other than `record`, at which the first numbers rise by 1. */
function otherRecord(bytes: Uint8Array, record: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = Math.max(8, record - SEARCH);
  for (let size = from + (from % 2); size <= record + SEARCH; size += 2) {
    const count = Math.min(LOOK, Math.floor(bytes.length / size));
    if (size === record || count < 4) continue;
    const start = view.getUint32(0, true);
    let good = true;
    for (let i = 1; good && i < count; i += 1) good = view.getUint32(i * size, true) === start + i;
    if (good) return size;
  }
  return undefined;
}

/** A rest of 0x1A or 0 at the end is what DOS and block-wise copies leave. */
function isPadding(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x1a || byte === 0);
}
