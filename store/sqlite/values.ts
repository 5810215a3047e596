/** Between values of documents and values of columns. */
import type { TimeRange } from '../documents.js';

/** A row as better-sqlite3 gives it. */
export type Row = Record<string, unknown>;

/** The number of a box whose measurements can be stored (uint32 in canonical decimal), or undefined: no measurement has such a box. */
export function boxNumber(boxId: string): number | undefined {
  const number = Number(boxId);
  return String(number) === boxId && Number.isInteger(number) && number >= 0 && number <= 0xffffffff
    ? number
    : undefined;
}

/** Start of a range as a whole number of milliseconds. */
export function fromMs(range: TimeRange): number {
  return Math.ceil(Math.max(range.fromMs ?? Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER));
}

/** End (exclusive) of a range as a whole number of milliseconds. */
export function toMs(range: TimeRange): number {
  return Math.ceil(Math.min(range.toMs ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
}

/** Times as int64, little endian. */
export function timesToBlob(timesMs: readonly number[]): Buffer {
  const blob = Buffer.allocUnsafe(8 * timesMs.length);
  timesMs.forEach((time, i) => {
    blob.writeBigInt64LE(BigInt(Math.trunc(time)), 8 * i);
  });
  return blob;
}

export function blobToTimes(blob: Buffer): number[] {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const times: number[] = [];
  // No bigints: a waveform has a hundred times, and each would be one.
  for (let at = 0; at + 8 <= blob.length; at += 8)
    times.push(view.getUint32(at, true) + 2 ** 32 * view.getInt32(at + 4, true));
  return times;
}

/** The samples' own bytes, without a copy; little endian on every machine that Node runs on here. */
export function bytesOf(samples: Int16Array): Buffer {
  return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
}
