/** Raw signed 16-bit little-endian counts at 12 kHz: the bytes of a stored waveform. */
import { readFileSync } from 'node:fs';
import { type CycleSource, memorySource } from './source.js';

/**
 * @param calibrationConstant counts per volt of the box that recorded it
 * @throws RangeError when the file is shorter than a cycle; system errors when it cannot be read
 */
export function rawSource(path: string, calibrationConstant: number): CycleSource {
  return memorySource(countsFromBytes(readFileSync(path)), calibrationConstant, path);
}

/** Little-endian bytes to counts on any machine. An odd byte at the end is ignored. */
export function countsFromBytes(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const counts = new Int16Array(Math.floor(bytes.byteLength / 2));
  for (let i = 0; i < counts.length; i += 1) counts[i] = view.getInt16(2 * i, true);
  return counts;
}
