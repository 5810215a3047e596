/** Raw signed 16-bit little-endian counts at 12 kHz: the bytes of a stored waveform. */
import { readFileSync } from 'node:fs';
import { countsFromBytes } from '../../formats/index.js';
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
