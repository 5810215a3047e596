/** Protobuf's wire format as a list of fields, so that a mutation keeps the frame well formed when it wants to. */

export interface WireField {
  /** field number and wire type */
  tag: number;
  /** the value without tag and length: a varint's bytes, 4, 8 or any number of bytes */
  value: Uint8Array;
}

/** The fields of a frame, groups left out; undefined where it is no such frame. */
export function fieldsOf(bytes: Uint8Array): WireField[] | undefined {
  const fields: WireField[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = varintAt(bytes, at);
    if (tag === undefined || tag.value < 8 || tag.value > 0xffff_ffff) return undefined;
    at = tag.end;
    const length = lengthAt(bytes, at, tag.value & 7);
    if (length === undefined || length.from + length.bytes > bytes.length) return undefined;
    fields.push({ tag: tag.value, value: bytes.subarray(length.from, length.from + length.bytes) });
    at = length.from + length.bytes;
  }
  return fields;
}

/** The frame of some fields. */
export function frameOf(fields: readonly WireField[]): Uint8Array {
  let length = 0;
  for (const { value } of fields) length += 10 + value.length;
  const frame = new Uint8Array(length);
  let at = 0;
  for (const { tag, value } of fields) {
    at = putVarint(frame, at, tag);
    if ((tag & 7) === 2) at = putVarint(frame, at, value.length);
    frame.set(value, at);
    at += value.length;
  }
  return frame.subarray(0, at);
}

/** @returns where it ends */
function putVarint(frame: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) frame[at++] = (rest & 0x7f) | 0x80;
  frame[at++] = rest;
  return at;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param more bytes beyond the min length */
export function varint(value: bigint, more = 0): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  for (let i = 0; i < more; i += 1) {
    bytes.push((bytes.pop() ?? 0) | 0x80, 0);
  }
  return Uint8Array.from(bytes);
}

function varintAt(bytes: Uint8Array, from: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[from + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: from + i + 1 };
  }
  return undefined;
}

function lengthAt(
  bytes: Uint8Array,
  at: number,
  wireType: number,
): { from: number; bytes: number } | undefined {
  if (wireType === 1) return { from: at, bytes: 8 };
  if (wireType === 5) return { from: at, bytes: 4 };
  const number = varintAt(bytes, at);
  if (number === undefined) return undefined;
  if (wireType === 0) return { from: at, bytes: number.end - at };
  return wireType === 2 ? { from: number.end, bytes: number.value } : undefined;
}
