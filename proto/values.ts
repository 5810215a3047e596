/** Checks of numbers on their way in and out: what a field cannot hold is refused, never silently cut. */
import { DecodeError } from './codec.js';

/** A decoded uint64. @throws DecodeError past 2^53 - 1, where a double no longer holds it */
export function decodedUint64(value: number, field: string): number {
  if (!Number.isSafeInteger(value)) throw new DecodeError(`${field} is past 2^53`);
  return value;
}

/** `{ [name]: read(value) }` when the optional proto2 field came, else nothing. */
export function decodedOptional<W extends object, K extends keyof W>(wire: W, field: K): W[K] | undefined {
  return Object.hasOwn(wire, field) ? wire[field] : undefined;
}

/** A uint64 to encode. @throws RangeError unless an integer in 0..2^53 - 1 */
export function uint64(value: number, field: string): number {
  return inRange(value, 0, Number.MAX_SAFE_INTEGER, field);
}

/** A uint32 to encode. @throws RangeError unless an integer in 0..2^32 - 1 */
export function uint32(value: number, field: string): number {
  return inRange(value, 0, 0xffff_ffff, field);
}

/** An int32 to encode. @throws RangeError unless an integer in -2^31..2^31 - 1 */
export function int32(value: number, field: string): number {
  return inRange(value, -0x8000_0000, 0x7fff_ffff, field);
}

function inRange(value: number, low: number, high: number, field: string): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new RangeError(`${field} must be an integer in ${low}..${high}, not ${value}`);
}
