/** Lays out records of PQDIF: elements one after the other, each at a multiple of 4 from the body's start, links set. */
import { adler32 } from './adler32.js';
import { guidBytes, PHYSICAL, type PhysicalName, SIZES } from './physical.js';
import { HEADER_BYTES, SIGNATURE } from './records.js';
import { TAGS, type TagName } from './tags.js';
import type { Timestamp } from './times.js';

export type Node =
  | { kind: 1; tag: TagName; children: readonly Node[] }
  | { kind: 2 | 3; tag: TagName; type: PhysicalName; count: number; bytes: Uint8Array };

const ENTRY_BYTES = 28;
const SIGNATURE_BYTES = guidBytes(SIGNATURE);

/** Ids of the standard as bytes, each made once. */
const knownIds = new Map<string, Uint8Array>();

function idBytes(id: string): Uint8Array {
  const known = knownIds.get(id);
  if (known !== undefined) return known;
  const bytes = guidBytes(id);
  knownIds.set(id, bytes);
  return bytes;
}

const padded = (bytes: number): number => (bytes + 3) & ~3;

export function collection(tag: TagName, children: readonly (Node | undefined)[]): Node {
  return { kind: 1, tag, children: children.filter((child) => child !== undefined) };
}

function scalar(tag: TagName, type: PhysicalName, bytes: Uint8Array): Node {
  return { kind: 2, tag, type, count: 1, bytes };
}

export function whole(tag: TagName, value: number): Node {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return scalar(tag, 'UNS_INTEGER4', bytes);
}

export function bool(tag: TagName, value: boolean): Node {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value ? 1 : 0);
  return scalar(tag, 'BOOLEAN4', bytes);
}

export function real(tag: TagName, value: number): Node {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return scalar(tag, 'REAL8', bytes);
}

/** @param value an id of the standard's tables */
export function guid(tag: TagName, value: string): Node {
  return scalar(tag, 'GUID', idBytes(value));
}

export function timestamp(tag: TagName, { day, seconds }: Timestamp): Node {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(day);
  bytes.writeDoubleLE(seconds, 4);
  return scalar(tag, 'TIMESTAMPPQDIF', bytes);
}

/** Text with its NUL. The standard has ASCII; other letters are written as UTF-8, which its readers show as they can. */
export function text(tag: TagName, value: string): Node {
  const bytes = Buffer.from(`${value.replaceAll('\0', '')}\0`, 'utf8');
  return { kind: 3, tag, type: 'CHAR1', count: bytes.length, bytes };
}

export function vector(tag: TagName, type: PhysicalName, values: ArrayBufferView): Node {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { kind: 3, tag, type, count: bytes.length / SIZES[type], bytes };
}

export function wholes(tag: TagName, values: readonly number[]): Node {
  return vector(tag, 'UNS_INTEGER4', Uint32Array.from(values));
}

/** Values of up to 8 bytes stand in the entry itself. */
const isEmbedded = (node: Node): boolean => node.kind === 2 && SIZES[node.type] <= 8;

function sizeOf(node: Node): number {
  if (node.kind === 1) {
    return node.children.reduce((sum, child) => sum + sizeOf(child), 4 + ENTRY_BYTES * node.children.length);
  }
  if (isEmbedded(node)) return 0;
  return padded((node.kind === 3 ? 4 : 0) + node.bytes.length);
}

/** The collection that is a record's body, and the bytes that it takes. */
export interface Body {
  root: Node;
  size: number;
}

export function bodyOf(children: readonly (Node | undefined)[]): Body {
  const root = collection('tagContainer', children);
  return { root, size: sizeOf(root) };
}

/** Writes the body over all of `bytes`, which are as many as its size. */
export function putBody(bytes: Buffer, { root }: Body): void {
  layOut(bytes, root, 0);
}

/** @returns where the next element begins */
function layOut(body: Buffer, node: Node, at: number): number {
  if (node.kind !== 1) {
    let to = at;
    if (node.kind === 3) to = body.writeInt32LE(node.count, to);
    body.set(node.bytes, to);
    const end = at + padded(to - at + node.bytes.length);
    body.fill(0, to + node.bytes.length, end);
    return end;
  }
  let next = at + 4 + ENTRY_BYTES * node.children.length;
  body.fill(0, at, next);
  body.writeInt32LE(node.children.length, at);
  for (const [i, child] of node.children.entries()) {
    const entry = at + 4 + ENTRY_BYTES * i;
    body.set(idBytes(TAGS[child.tag]), entry);
    body.writeUInt8(child.kind, entry + 16);
    if (child.kind !== 1) body.writeUInt8(PHYSICAL[child.type], entry + 17);
    if (child.kind !== 1 && isEmbedded(child)) {
      body.writeUInt8(1, entry + 18);
      body.set(child.bytes, entry + 20);
      continue;
    }
    body.writeInt32LE(next, entry + 20);
    const size =
      child.kind === 1
        ? 4 + ENTRY_BYTES * child.children.length
        : (child.kind === 3 ? 4 : 0) + child.bytes.length;
    body.writeInt32LE(padded(size), entry + 24);
    next = layOut(body, child, next);
  }
  return next;
}

/** Size of a record whose body takes so many bytes in the file: the next record begins at a multiple of 4 too. */
export function recordSize(stored: number, last: boolean): number {
  return HEADER_BYTES + (last ? stored : padded(stored));
}

/** Writes the header before a body that is in its place already. @param next where the next record begins, 0: there is none */
export function putHeader(file: Buffer, at: number, tag: TagName, stored: number, next: number): void {
  file.fill(0, at, at + HEADER_BYTES);
  file.set(SIGNATURE_BYTES, at);
  file.set(idBytes(TAGS[tag]), at + 16);
  file.writeInt32LE(HEADER_BYTES, at + 32);
  file.writeInt32LE(stored, at + 36);
  file.writeInt32LE(next, at + 40);
  const body = at + HEADER_BYTES;
  file.writeUInt32LE(adler32(file.subarray(body, body + stored)), at + 44);
}
