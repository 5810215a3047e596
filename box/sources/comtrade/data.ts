/** The DAT file of COMTRADE: one channel of it, and the time column where it is filled. */
import { unusable } from '../recording.js';
import type { AnalogChannel, ComtradeConfig } from './config.js';

export interface ChannelData {
  /** a·x + b of each sample; NaN where the file says "missing" */
  values: Float64Array;
  /** the time column in its own unit; NaN where it is empty */
  times: Float64Array;
}

/** How ASCII says "missing", besides an empty field (2013). */
const MISSING_ASCII = 99_999;
/** How BINARY and BINARY32 say it. */
const MISSING_16 = -0x8000;
const MISSING_32 = -0x8000_0000;
const MISSING_TIME = 0xffff_ffff;

/** @throws MakaiError RECORDING_INVALID for a line or a record that is not as the CFG says */
export function readChannel(
  bytes: Buffer,
  config: ComtradeConfig,
  channel: AnalogChannel,
  where: string,
): ChannelData {
  return config.format === 'ASCII'
    ? readAscii(bytes, config, channel, where)
    : readBinary(bytes, config, channel, where);
}

function readAscii(
  bytes: Buffer,
  config: ComtradeConfig,
  channel: AnalogChannel,
  where: string,
): ChannelData {
  const values: number[] = [];
  const times: number[] = [];
  const wanted = 2 + config.analog.length;
  for (const [number, line] of bytes
    .toString('latin1')
    .split(/\r\n|\n|\r/)
    .entries()) {
    // 1991 files end with a Ctrl-Z; some programs leave empty lines
    if (line.trim() === '' || line === '\u001a') continue;
    const fields = line.split(',');
    const text = fields[2 + channel.index]?.trim();
    const x = text === '' ? MISSING_ASCII : Number(text);
    if (fields.length < wanted || !Number.isFinite(x)) {
      throw unusable(
        `${where}, line ${number + 1}: expected ${wanted} numbers or more, found "${line.slice(0, 80)}"`,
      );
    }
    values.push(x === MISSING_ASCII ? Number.NaN : channel.a * x + channel.b);
    const time = fields[1]?.trim();
    times.push(time === undefined || time === '' ? Number.NaN : Number(time));
  }
  return { values: Float64Array.from(values), times: Float64Array.from(times) };
}

function readBinary(
  bytes: Buffer,
  config: ComtradeConfig,
  channel: AnalogChannel,
  where: string,
): ChannelData {
  const width = config.format === 'BINARY' ? 2 : 4;
  const record = 8 + width * config.analog.length + 2 * Math.ceil(config.digitalCount / 16);
  const count = Math.floor(bytes.length / record);
  if (count === 0) throw unusable(`${where}: ${bytes.length} bytes, a record has ${record}`);
  const values = new Float64Array(count);
  const times = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const at = i * record;
    const time = bytes.readUInt32LE(at + 4);
    times[i] = time === MISSING_TIME ? Number.NaN : time;
    const x = binaryValue(bytes, at + 8 + width * channel.index, config);
    values[i] = x === undefined ? Number.NaN : channel.a * x + channel.b;
  }
  return { values, times };
}

function binaryValue(bytes: Buffer, at: number, { format }: ComtradeConfig): number | undefined {
  if (format === 'FLOAT32') {
    const x = bytes.readFloatLE(at);
    return Number.isFinite(x) ? x : undefined;
  }
  if (format === 'BINARY32') {
    const x = bytes.readInt32LE(at);
    return x === MISSING_32 ? undefined : x;
  }
  const x = bytes.readInt16LE(at);
  return x === MISSING_16 ? undefined : x;
}
