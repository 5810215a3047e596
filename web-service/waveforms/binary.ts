/** The binary form of waveforms (api/waveform.ts). */
import { IS_LITTLE } from '../../formats/little-endian.js';
import {
  WAVEFORM_FORMS,
  WAVEFORM_HEADER_BYTES,
  WAVEFORM_MAGIC,
  WAVEFORM_RUN_BYTES,
  WAVEFORM_VALUES,
} from '../api/waveform.js';
import type { Trimmed } from './trimmed.js';

export interface BinaryOptions {
  values: keyof typeof WAVEFORM_VALUES;
  constant: number;
  fromMs: number;
  toMs: number;
  /** samples of the whole waveform */
  total: number;
}

export function encodeWaveform(
  { form, high, inRange, low, runs }: Trimmed,
  { constant, fromMs, toMs, total, values }: BinaryOptions,
): Buffer {
  const bytesEach = values === 'int16' ? 2 : 4;
  const columns = form === 'samples' ? [low] : [low, high];
  const start = WAVEFORM_HEADER_BYTES + WAVEFORM_RUN_BYTES * runs.length;
  const bytes = Buffer.alloc(start + columns.length * low.length * bytesEach);
  bytes.write(WAVEFORM_MAGIC, 0, 'latin1');
  bytes.writeUInt8(WAVEFORM_VALUES[values], 4);
  bytes.writeUInt8(WAVEFORM_FORMS[form], 5);
  for (const [i, value] of [constant, fromMs, toMs].entries()) bytes.writeDoubleLE(value, 8 + 8 * i);
  for (const [i, value] of [runs.length, low.length, total, inRange].entries())
    bytes.writeUInt32LE(value, 32 + 4 * i);
  for (const [i, { count, first, start_ms, step_ms }] of runs.entries()) {
    const at = WAVEFORM_HEADER_BYTES + WAVEFORM_RUN_BYTES * i;
    bytes.writeDoubleLE(start_ms, at);
    bytes.writeDoubleLE(step_ms, at + 8);
    bytes.writeUInt32LE(first, at + 16);
    bytes.writeUInt32LE(count, at + 20);
  }
  for (const [i, column] of columns.entries())
    writeColumn(bytes, start + i * low.length * bytesEach, column, values === 'int16' ? undefined : constant);
  return bytes;
}

/** @param constant undefined: counts as they are */
function writeColumn(bytes: Buffer, at: number, column: Int16Array, constant: number | undefined): void {
  const values = constant === undefined ? column : Float32Array.from(column, (count) => count / constant);
  const source = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  if (IS_LITTLE) source.copy(bytes, at);
  else (constant === undefined ? Buffer.from(source).swap16() : Buffer.from(source).swap32()).copy(bytes, at);
}
