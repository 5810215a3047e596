/**
 * `_id`s made from what a document is, where that is unique: a write repeated after a lost reply meets its own first try in
 * the `_id` index and changes nothing, also on servers without retryable writes and where a unique index is missing.
 */
import { createHash } from 'node:crypto';
import { ObjectId } from 'mongodb';

/** `_id` of a measurement or trend: seconds, box id, milliseconds. Its first four bytes are a time, as in every ObjectId. */
export function boxTimeId(boxId: number, timestampMs: number): ObjectId {
  const bytes = new Uint8Array(12);
  const seconds = Math.floor(timestampMs / 1000);
  const milliseconds = timestampMs - seconds * 1000;
  bytes[0] = seconds >>> 24;
  bytes[1] = seconds >>> 16;
  bytes[2] = seconds >>> 8;
  bytes[3] = seconds;
  bytes[4] = boxId >>> 24;
  bytes[5] = boxId >>> 16;
  bytes[6] = boxId >>> 8;
  bytes[7] = boxId;
  bytes[8] = milliseconds >>> 8;
  bytes[9] = milliseconds;
  return new ObjectId(bytes);
}

/** Bounds of the `_id`s that `boxTimeId` gives for times from `fromMs` to `toMs`: finds all boxes at a time by the index every collection has. */
export function boxTimeRange(fromMs: number, toMs: number): { $gte: ObjectId; $lte: ObjectId } {
  const bound = (ms: number, rest: number): ObjectId => {
    const bytes = new Uint8Array(12).fill(rest);
    new DataView(bytes.buffer).setUint32(0, Math.max(0, Math.min(0xffffffff, Math.floor(ms / 1000))));
    return new ObjectId(bytes);
  };
  return { $gte: bound(fromMs, 0), $lte: bound(toMs, 0xff) };
}

/** `_id` of a document that is what its content is: a time and a hash of the rest. */
export function contentId(atMs: number, ...parts: (string | Uint8Array)[]): ObjectId {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  const bytes = new Uint8Array(12);
  const seconds = Math.floor(atMs / 1000);
  new DataView(bytes.buffer).setUint32(0, seconds >>> 0);
  bytes.set(hash.digest().subarray(0, 8), 4);
  return new ObjectId(bytes);
}
