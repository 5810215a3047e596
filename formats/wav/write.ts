/** A recording as WAV: channels of one rate; when, names and volts of full scale in the chunk of notes. */
import { aligned, sharedCount } from '../align.js';
import { IS_LITTLE, littleEndian } from '../little-endian.js';
import { momentText } from '../moment.js';
import { unwritable } from '../problems.js';
import type { AnalogChannel, Recording, TimeBase, WrittenFile } from '../recording.js';
import { isMissing, valuesOf } from '../samples.js';
import { concatenated, type Take, takeNew } from '../scratch.js';
import { FLOAT, PCM } from './format.js';
import { writeNotes } from './notes.js';

export type WavEncoding = 'pcm16' | 'pcm24' | 'pcm32' | 'float32' | 'float64';

export interface WavWriteOptions {
  /** without it pcm16 where the samples are 16-bit counts and none is missing, else float32 */
  encoding?: WavEncoding;
  /** RF64, which has room for more than 4 GB; used for such in any case */
  rf64?: boolean;
  /** memory for the file; new memory by default */
  take?: Take;
}

const BYTES: Readonly<Record<WavEncoding, number>> = { pcm16: 2, pcm24: 3, pcm32: 4, float32: 4, float64: 8 };
/** What a rate may be off the whole number of Hz that the format has room for: less than any recorder's clock. */
const RATE_TOLERANCE = 1e-6;
const MAX_RIFF = 0xffff_ff00;
const UNKNOWN = 0xffff_ffff;

/**
 * @throws MakaiError RECORDING_INVALID where the rate is no whole number of Hz, and for missing samples in PCM, which has no sign for them
 */
export function writeWav(recording: Recording, options: WavWriteOptions = {}): WrittenFile[] {
  const whole = aligned(recording, 'WAV');
  const count = sharedCount(whole, 'WAV');
  const { analog } = whole;
  if (analog.length === 0 || analog.length > 65_535) {
    throw unwritable('WAV', `it has ${analog.length} channels of waveforms`, 'Export it as COMTRADE.');
  }
  const encoding = options.encoding ?? (analog.every(isCounts) ? 'pcm16' : 'float32');
  const rateHz = wholeRate(whole.time);
  const scaled = analog.map((channel) => scaledTo(channel, encoding));
  const block = BYTES[encoding] * analog.length;
  const data = dataOf(scaled, encoding, block, count);
  const { start, station, device } = whole;
  const notes = writeNotes(
    {
      ...(start !== undefined && { ICRD: momentText(start, 9) }),
      INAM: station,
      IART: device,
      ISFT: 'opq-makai',
    },
    scaled.map(({ fullScale }, i) => ({
      name: analog[i]?.name ?? '',
      unit: analog[i]?.unit ?? '',
      fullScale,
    })),
  );
  const chunks = [chunk('fmt ', formatChunk(encoding, analog.length, rateHz, block)), chunk('LIST', notes)];
  return [{ extension: '.wav', bytes: file(chunks, data, count, options) }];
}

function file(
  chunks: readonly Uint8Array[],
  data: Uint8Array,
  count: number,
  { rf64 = false, take = takeNew }: WavWriteOptions,
): Uint8Array {
  const size = 4 + chunks.reduce((sum, { length }) => sum + length, 0) + 8 + data.length + (data.length % 2);
  const large = rf64 || size + 36 > MAX_RIFF;
  const head = Buffer.alloc(12);
  head.write(large ? 'RF64' : 'RIFF', 0, 'latin1');
  head.writeUInt32LE(large ? UNKNOWN : size, 4);
  head.write('WAVE', 8, 'latin1');
  const sizes = Buffer.alloc(28);
  sizes.writeBigUInt64LE(BigInt(size + 36), 0);
  sizes.writeBigUInt64LE(BigInt(data.length), 8);
  sizes.writeBigUInt64LE(BigInt(count), 16);
  const body = Buffer.alloc(8);
  body.write('data', 0, 'latin1');
  body.writeUInt32LE(large ? UNKNOWN : data.length, 4);
  const parts = [head, ...(large ? [chunk('ds64', sizes)] : []), ...chunks, body, data];
  return concatenated([...parts, Buffer.alloc(data.length % 2)], take);
}

function chunk(name: string, content: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8);
  head.write(name, 0, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}

function formatChunk(encoding: WavEncoding, channels: number, rateHz: number, block: number): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(encoding.startsWith('float') ? FLOAT : PCM, 0);
  bytes.writeUInt16LE(channels, 2);
  bytes.writeUInt32LE(rateHz, 4);
  bytes.writeUInt32LE(Math.min(UNKNOWN, rateHz * block), 8);
  bytes.writeUInt16LE(block, 12);
  bytes.writeUInt16LE(BYTES[encoding] * 8, 14);
  return bytes;
}

function wholeRate(time: TimeBase): number {
  const rate = rateOf(time);
  const whole = Math.round(rate);
  if (whole >= 1 && whole <= UNKNOWN && Math.abs(rate / whole - 1) <= RATE_TOLERANCE) return whole;
  throw unwritable(
    'WAV',
    `its sampling rate is ${rate} Hz, and the format has only whole ones`,
    'Export it as COMTRADE or CSV.',
  );
}

function rateOf(time: TimeBase): number {
  if (time.kind === 'rates' && time.sections.length === 1) return time.sections[0]?.rateHz ?? 0;
  if (time.kind === 'rates')
    throw unwritable('WAV', 'it has several sampling rates', 'Export it as COMTRADE or CSV.');
  const { seconds } = time;
  const last = seconds.length - 1;
  const step = ((seconds[last] ?? 0) - (seconds[0] ?? 0)) / last;
  const even = seconds.every((second, i) => Math.abs(second - (seconds[0] ?? 0) - i * step) <= step / 100);
  if (even && last > 0) return 1 / step;
  throw unwritable('WAV', 'its samples are not evenly spaced', 'Export it as COMTRADE or CSV.');
}

/** Counts that PCM of 16 bits holds as they are. */
function isCounts(channel: AnalogChannel): boolean {
  const { samples, scale, offset } = channel;
  return samples instanceof Int16Array && scale > 0 && offset === 0 && !hasMissing(channel);
}

function hasMissing(channel: AnalogChannel): boolean {
  if (channel.samples instanceof Int16Array && channel.missing === undefined) return false;
  return channel.samples.some((_, i) => isMissing(channel, i));
}

/** Volts below which all is 0: with the smallest numbers that a double has, dividing by full scale gives more than 1. */
const NOTHING = 1e-300;

/** Values of full scale 1, or counts as they are. */
function scaledTo(
  channel: AnalogChannel,
  encoding: WavEncoding,
): { values: ArrayLike<number>; fullScale: number } {
  const { name, samples, scale } = channel;
  if (encoding.startsWith('pcm') && hasMissing(channel)) {
    throw unwritable(
      'WAV',
      `channel ${name} has missing samples, which PCM has no sign for`,
      'Choose float32, or COMTRADE.',
    );
  }
  const range = encoding.startsWith('float') ? 1 : 2 ** (8 * BYTES[encoding] - 1);
  if (encoding === 'pcm16' && isCounts(channel)) return { values: samples, fullScale: scale * range };
  const values = valuesOf(channel);
  const peak = values.reduce((most, value) => Math.max(most, Number.isNaN(value) ? 0 : Math.abs(value)), 0);
  if (!Number.isFinite(peak))
    throw unwritable('WAV', `channel ${name} has values that are not finite`, 'Leave it out.');
  // the largest positive number of PCM is one below full scale
  const fullScale = peak < NOTHING ? 1 : range === 1 ? peak : (peak * range) / (range - 1);
  return {
    values: values.map((value) =>
      range === 1 ? value / fullScale : Math.round((value / fullScale) * range),
    ),
    fullScale,
  };
}

function dataOf(
  channels: readonly { values: ArrayLike<number> }[],
  encoding: WavEncoding,
  block: number,
  count: number,
): Uint8Array {
  const [only] = channels;
  // No copy: the file is put together by copying anyway.
  if (IS_LITTLE && channels.length === 1 && only?.values instanceof Int16Array && encoding === 'pcm16')
    return littleEndian(only.values);
  if (encoding === 'pcm16') {
    const numbers = new Int16Array(channels.length * count);
    for (const [i, { values }] of channels.entries()) {
      if (channels.length === 1) numbers.set(values);
      else for (let k = 0, at = i; k < count; k += 1, at += channels.length) numbers[at] = values[k] ?? 0;
    }
    return littleEndian(numbers);
  }
  const data = Buffer.alloc(block * count);
  for (const [i, { values }] of channels.entries()) put(data, values, encoding, i * BYTES[encoding], block);
  return data;
}

function put(
  data: Buffer,
  values: ArrayLike<number>,
  encoding: Exclude<WavEncoding, 'pcm16'>,
  from: number,
  block: number,
): void {
  const write = {
    pcm24: (value: number, at: number) => data.writeIntLE(value, at, 3),
    pcm32: (value: number, at: number) => data.writeInt32LE(value, at),
    float32: (value: number, at: number) => data.writeFloatLE(value, at),
    float64: (value: number, at: number) => data.writeDoubleLE(value, at),
  }[encoding];
  for (let i = 0, at = from; i < values.length; i += 1, at += block) write(values[i] ?? 0, at);
}
