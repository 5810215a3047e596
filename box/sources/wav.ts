/** WAV (RIFF, Microsoft's WAVEFORMATEX): PCM of 16, 24 or 32 bits, or 32- and 64-bit float, any rate, one channel of it. */
import { readFileSync } from 'node:fs';
import { evenTimes, type Recording, unusable } from './recording.js';

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

export interface WavOptions {
  /** number of the channel, from 1 on */
  channel?: string;
  /** volts of full scale (1.0); without it 1 V, so give a nominal voltage to scale to */
  fullScaleV?: number;
}

interface Format {
  code: number;
  channels: number;
  rate: number;
  bits: number;
  /** bytes of one sample of all channels */
  block: number;
}

/** @throws MakaiError RECORDING_INVALID; the system's error when the file cannot be read */
export function readWav(file: string, options: WavOptions = {}): Recording {
  const bytes = readFileSync(file);
  const { format, data } = chunks(bytes, file);
  const channel = Number(options.channel ?? 1);
  if (!Number.isInteger(channel) || channel < 1 || channel > format.channels) {
    throw unusable(`${file}: no channel ${options.channel}; it has ${format.channels}`);
  }
  const read = reader(format, file);
  const count = Math.floor(data.length / format.block);
  const volts = new Float64Array(count);
  const at = ((channel - 1) * format.bits) / 8;
  for (let i = 0; i < count; i += 1) volts[i] = read(data, i * format.block + at) * (options.fullScaleV ?? 1);
  return {
    description: `${file} channel ${channel}`,
    pieces: [{ samples: volts, times: evenTimes(count, format.rate) }],
  };
}

function chunks(bytes: Buffer, file: string): { format: Format; data: Buffer } {
  const name = (at: number): string => bytes.toString('latin1', at, at + 4);
  if (bytes.length < 12 || name(0) !== 'RIFF' || name(8) !== 'WAVE')
    throw unusable(`${file}: not a WAV file`);
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (name(at) === 'fmt ') format = readFormat(body, file);
    if (name(at) === 'data' && format !== undefined) return { format, data: body };
    at += 8 + length + (length % 2);
  }
  throw unusable(`${file}: no sound data in it`);
}

function readFormat(body: Buffer, file: string): Format {
  if (body.length < 16) throw unusable(`${file}: its format chunk is cut off`);
  const code = body.readUInt16LE(0);
  const format = {
    // the real code of the extensible form begins its GUID
    code: code === EXTENSIBLE && body.length >= 26 ? body.readUInt16LE(24) : code,
    channels: body.readUInt16LE(2),
    rate: body.readUInt32LE(4),
    bits: body.readUInt16LE(14),
    block: body.readUInt16LE(12),
  };
  if (format.rate === 0 || format.block !== (format.channels * format.bits) / 8) {
    throw unusable(`${file}: its format chunk contradicts itself`);
  }
  return format;
}

function reader({ code, bits }: Format, file: string): (data: Buffer, at: number) => number {
  if (code === PCM && bits === 16) return (data, at) => data.readInt16LE(at) / 2 ** 15;
  if (code === PCM && bits === 24) return (data, at) => data.readIntLE(at, 3) / 2 ** 23;
  if (code === PCM && bits === 32) return (data, at) => data.readInt32LE(at) / 2 ** 31;
  if (code === FLOAT && bits === 32) return (data, at) => data.readFloatLE(at);
  if (code === FLOAT && bits === 64) return (data, at) => data.readDoubleLE(at);
  throw unusable(
    `${file}: format ${code} with ${bits} bits; PCM of 16, 24 or 32 and float of 32 or 64 can be read`,
  );
}
