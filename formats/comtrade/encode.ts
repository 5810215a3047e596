/** A channel's samples as the numbers that a data format of COMTRADE can hold. */
import { unwritable } from '../problems.js';
import type { AnalogChannel, SampleArray } from '../recording.js';
import { hasLowest, isMissing } from '../samples.js';
import type { DataFormat } from './config.js';

/** Value of sample i: `a * numbers[i] + b`; `missing` marks the missing ones. */
export interface Encoded {
  numbers: SampleArray;
  a: number;
  b: number;
  missing: number;
  /** smallest and largest number that a value may have */
  min: number;
  max: number;
}

interface Numbers {
  min: number;
  max: number;
  missing: number;
  /** a number within the bounds that no value may have */
  never?: number;
  create(count: number): SampleArray;
}

/** ASCII of 1999 has six characters, so 99999 is the first number that marks a missing one; 2013 keeps to it for those who read both. */
const NUMBERS: Readonly<Record<Exclude<DataFormat, 'FLOAT32'>, Numbers>> = {
  ASCII: { min: -99_998, max: 99_998, missing: Number.NaN, create: (n) => new Float64Array(n) },
  BINARY: { min: -32_767, max: 32_767, missing: -32_768, create: (n) => new Int16Array(n) },
  BINARY32: {
    min: -2_147_483_647,
    max: 2_147_483_647,
    missing: -2_147_483_648,
    create: (n) => new Int32Array(n),
  },
};
const MAX_FLOAT32 = 3.4028234663852886e38;

/**
 * As they are, where they are whole numbers that fit; else scaled so that smallest and largest value use the whole range, exact to half
 * of a step.
 * @throws MakaiError RECORDING_INVALID for values that are not finite
 */
export function encode(channel: AnalogChannel, format: DataFormat): Encoded {
  if (format === 'FLOAT32') return encodeFloat(channel);
  const numbers = NUMBERS[format];
  const { scale, offset } = channel;
  const direct = format === 'BINARY' ? counts16(channel) : undefined;
  if (direct !== undefined) return encodedAs(numbers, direct, scale, offset);
  const span = spanOf(channel);
  if (span.whole && span.min >= numbers.min && span.max <= numbers.max) {
    const copied = mapped(channel, numbers, (raw) => raw);
    return encodedAs(numbers, copied, scale, offset);
  }
  const finest = (span.max - span.min) / (numbers.max - numbers.min);
  // a span that small is none: its step would be 0 as text or as a double
  const step = finest > 1e-300 ? finest : 1;
  const middle = (span.max + span.min) / 2;
  const encoded = mapped(channel, numbers, (raw) =>
    Math.min(numbers.max, Math.max(numbers.min, Math.round((raw - middle) / step))),
  );
  return encodedAs(numbers, encoded, scale * step, scale * middle + offset);
}

/** Samples that BINARY takes as they are: -32768 is in none of them, or says that one is missing. */
function counts16({ samples, missing }: AnalogChannel): Int16Array | undefined {
  if (!(samples instanceof Int16Array)) return undefined;
  const mark = NUMBERS.BINARY.missing;
  return missing === mark || (missing === undefined && !hasLowest(samples)) ? samples : undefined;
}

function encodedAs({ min, max, missing }: Numbers, numbers: SampleArray, a: number, b: number): Encoded {
  return { numbers, a, b, missing, min, max };
}

function mapped(
  channel: AnalogChannel,
  { create, missing }: Numbers,
  map: (raw: number) => number,
): SampleArray {
  const { samples } = channel;
  const numbers = create(samples.length);
  for (let i = 0; i < numbers.length; i += 1)
    numbers[i] = isMissing(channel, i) ? missing : map(samples[i] ?? 0);
  return numbers;
}

function encodeFloat(channel: AnalogChannel): Encoded {
  const { samples, scale, offset } = channel;
  const { min, max } = spanOf(channel);
  if (min < -MAX_FLOAT32 || max > MAX_FLOAT32) {
    throw unwritable(
      'COMTRADE FLOAT32',
      `channel ${channel.name} has values up to ${max}`,
      'Choose BINARY32.',
    );
  }
  const numbers = new Float32Array(samples.length);
  for (let i = 0; i < numbers.length; i += 1)
    numbers[i] = isMissing(channel, i) ? Number.NaN : (samples[i] ?? 0);
  return { numbers, a: scale, b: offset, missing: Number.NaN, min: -MAX_FLOAT32, max: MAX_FLOAT32 };
}

/** Smallest and largest of the samples that are there, and whether all are whole numbers. */
function spanOf(channel: AnalogChannel): { min: number; max: number; whole: boolean } {
  const { samples } = channel;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let whole = true;
  for (let i = 0; i < samples.length; i += 1) {
    if (isMissing(channel, i)) continue;
    const raw = samples[i] ?? 0;
    if (raw < min) min = raw;
    if (raw > max) max = raw;
    whole &&= Number.isInteger(raw);
  }
  if (min > max) return { min: 0, max: 0, whole: true };
  if (!Number.isFinite(min) || !Number.isFinite(max) || !Number.isFinite(max - min)) {
    throw unwritable(
      'COMTRADE',
      `channel ${channel.name} has values that are not finite`,
      'Leave the channel out.',
    );
  }
  return { min, max, whole };
}

/** The format that loses nothing of the channels, the plainest first. */
export function formatFor(channels: readonly AnalogChannel[], revision: 1999 | 2013): DataFormat {
  const fits = (format: 'BINARY' | 'BINARY32'): boolean =>
    channels.every((channel) => {
      if (format === 'BINARY' && counts16(channel) !== undefined) return true;
      const { min, max, whole } = spanOf(channel);
      return whole && min >= NUMBERS[format].min && max <= NUMBERS[format].max;
    });
  if (revision === 1999 || channels.every(({ samples }) => samples instanceof Int16Array) || fits('BINARY')) {
    return 'BINARY';
  }
  if (fits('BINARY32')) return 'BINARY32';
  // a float of 32 bits holds whole numbers up to 2^24
  const floats = channels.every((channel) => {
    if (channel.samples instanceof Float64Array) return false;
    const { min, max } = spanOf(channel);
    return channel.samples instanceof Float32Array || (min >= -(2 ** 24) && max <= 2 ** 24);
  });
  return floats ? 'FLOAT32' : 'BINARY32';
}
