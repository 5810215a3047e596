/** Raw signed 16-bit little-endian counts at 12 kHz: the bytes of a stored waveform. */
import { readFileSync } from 'node:fs';
import { type CycleSource, memorySource } from './source.js';

/**
 * @param calibrationConstant counts per volt of the box that recorded it
 * @throws RangeError when the file is shorter than a cycle; system errors when it cannot be read
 */
export function rawSource(path: string, calibrationConstant: number): CycleSource {
  return rawSourceOf(readFileSync(path), calibrationConstant, path);
}

/** @throws RangeError when there is less than a cycle */
export function rawSourceOf(
  bytes: Uint8Array,
  calibrationConstant: number,
  description: string,
): CycleSource {
  return memorySource(countsFromBytes(bytes), calibrationConstant, description);
}

/** Little-endian bytes to counts on any machine. An odd byte at the end is ignored. */
export function countsFromBytes(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const counts = new Int16Array(Math.floor(bytes.byteLength / 2));
  for (let i = 0; i < counts.length; i += 1) counts[i] = view.getInt16(2 * i, true);
  return counts;
}

/** Mean square of the step between two samples, against that of the samples: 0.001 for line voltage at 12 kHz, 2 for random bytes. */
const ROUGH = 0.5;

/** Whether bytes can be samples of line voltage: the file has no marker, but neighbouring samples are close to each other. */
export function looksLikeCounts(bytes: Uint8Array): boolean {
  if (bytes.length % 2 !== 0) return false;
  const counts = countsFromBytes(bytes);
  const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
  let steps = 0;
  let power = 0;
  for (let i = 1; i < counts.length; i += 1) {
    const count = counts[i] ?? 0;
    steps += (count - (counts[i - 1] ?? 0)) ** 2;
    power += (count - mean) ** 2;
  }
  return steps <= ROUGH * power || power === 0;
}
