/**
 * How a Box 2 reads what reaches it, right or wrong: for the simulated box. It takes whatever parses as a RequestDataMessage for one, a
 * Command for a Box 3 too, and its reply carries the fields it did not know at the end.
 */
import { DecodeError } from '../codec.js';
import type { RequestDataType } from '../messages.js';

const TYPES: readonly RequestDataType[] = ['PING', 'PONG', 'READ', 'RESP', 'ERROR'];
const UINT64 = 0xffff_ffff_ffff_ffffn;

/** Varint fields of a RequestDataMessage: number to name. */
const FIELDS = new Map<number, keyof Varints>([
  [2, 'sequenceNumber'],
  [3, 'boxId'],
  [4, 'time'],
  [5, 'back'],
  [6, 'forward'],
  [7, 'numCycles'],
]);

interface Varints {
  sequenceNumber?: bigint;
  boxId?: bigint;
  time?: bigint;
  back?: bigint;
  forward?: bigint;
  numCycles?: bigint;
}

/** What a Box 2 understood, and the bytes of what it did not. */
export interface Box2Request {
  type: RequestDataType;
  /** start of the window, Unix ms; 0 when it was not sent */
  back: number;
  /** end of the window, Unix ms; 0 when it was not sent */
  forward: number;
  /** The reply: every field as it came except type, boxId and time, then the unknown ones. */
  reply(type: RequestDataType, boxId: number, timeMs: number): Uint8Array;
}

/**
 * Reads a frame as a Box 2 does (protobuf's C++ reader): a known field with another wire type, or an enum value that it does not
 * know, is an unknown field.
 * @returns undefined when it does not parse or lacks a required field: then a Box 2 does not reply
 */
export function readAsBox2(frame: Uint8Array): Box2Request | undefined {
  const known: Varints = {};
  const unknown: Uint8Array[] = [];
  let type: RequestDataType | undefined;
  try {
    for (const { number, wireType, value, bytes } of fieldsOf(frame)) {
      const name = wireType === 0 ? FIELDS.get(number) : undefined;
      const named = wireType === 0 && number === 1 ? TYPES[Number(BigInt.asIntN(32, value)) - 1] : undefined;
      if (named !== undefined) type = named;
      else if (name !== undefined) known[name] = value;
      else unknown.push(bytes);
    }
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
  if (type === undefined || known.sequenceNumber === undefined) return undefined;
  return {
    type,
    back: Number(known.back ?? 0n),
    forward: Number(known.forward ?? 0n),
    reply(replyType, boxId, timeMs) {
      const fields: Varints = { ...known, boxId: BigInt(boxId), time: BigInt(timeMs) };
      const parts = [varint(8n), varint(BigInt(TYPES.indexOf(replyType) + 1))];
      for (const [number, name] of FIELDS) {
        const value = fields[name];
        if (value === undefined) continue;
        const narrow = name === 'sequenceNumber' || name === 'boxId' || name === 'numCycles';
        parts.push(varint(BigInt(number * 8)), varint(narrow ? BigInt.asUintN(32, value) : value));
      }
      return Buffer.concat([...parts, ...unknown]);
    },
  };
}

interface Field {
  number: number;
  wireType: number;
  /** of a varint field; 0 otherwise */
  value: bigint;
  /** tag and value as they came */
  bytes: Uint8Array;
}

/** The message's own fields in order. Groups, long gone from both dialects, count as unreadable. */
function* fieldsOf(frame: Uint8Array): Generator<Field> {
  let start = 0;
  while (start < frame.length) {
    const tag = readVarint(frame, start);
    const wireType = Number(tag.value & 7n);
    const number = Number(tag.value >> 3n);
    if (number === 0) throw new DecodeError('field number 0');
    const value = wireType === 0 || wireType === 2 ? readVarint(frame, tag.next) : undefined;
    const end = fieldEnd(tag.next, wireType, value);
    if (end > frame.length) throw new DecodeError('frame cut off');
    const bytes = frame.subarray(start, end);
    yield { number, wireType, value: wireType === 0 ? (value?.value ?? 0n) : 0n, bytes };
    start = end;
  }
}

function fieldEnd(at: number, wireType: number, value: { value: bigint; next: number } | undefined): number {
  if (wireType === 1) return at + 8;
  if (wireType === 5) return at + 4;
  if (value === undefined) throw new DecodeError(`wire type ${wireType}`);
  return wireType === 0 ? value.next : value.next + Number(value.value);
}

function readVarint(frame: Uint8Array, start: number): { value: bigint; next: number } {
  let value = 0n;
  for (let i = 0; i < 10; i += 1) {
    const byte = frame[start + i];
    if (byte === undefined) throw new DecodeError('frame cut off');
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: value & UINT64, next: start + i + 1 };
  }
  throw new DecodeError('a varint longer than ten bytes');
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
