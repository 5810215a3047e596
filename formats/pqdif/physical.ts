/** Physical types of PQDIF (IEEE Std 1159.3, Annex A): sizes, and numbers from and to bytes. All are little endian. */
import type { SampleArray } from '../recording.js';

export const PHYSICAL = {
  BOOLEAN1: 1,
  BOOLEAN2: 2,
  BOOLEAN4: 3,
  CHAR1: 10,
  CHAR2: 11,
  INTEGER1: 20,
  INTEGER2: 21,
  INTEGER4: 22,
  UNS_INTEGER1: 30,
  UNS_INTEGER2: 31,
  UNS_INTEGER4: 32,
  REAL4: 40,
  REAL8: 41,
  COMPLEX8: 42,
  COMPLEX16: 43,
  TIMESTAMPPQDIF: 50,
  GUID: 60,
} as const;

export type PhysicalName = keyof typeof PHYSICAL;

const NAMES: ReadonlyMap<number, PhysicalName> = new Map(
  Object.entries(PHYSICAL).map(([name, id]) => [id, name as PhysicalName]),
);

export function physicalName(id: number): PhysicalName | undefined {
  return NAMES.get(id);
}

/** Bytes of one value. */
export const SIZES: Readonly<Record<PhysicalName, number>> = {
  BOOLEAN1: 1,
  BOOLEAN2: 2,
  BOOLEAN4: 4,
  CHAR1: 1,
  CHAR2: 2,
  INTEGER1: 1,
  INTEGER2: 2,
  INTEGER4: 4,
  UNS_INTEGER1: 1,
  UNS_INTEGER2: 2,
  UNS_INTEGER4: 4,
  REAL4: 4,
  REAL8: 8,
  COMPLEX8: 8,
  COMPLEX16: 16,
  TIMESTAMPPQDIF: 12,
  GUID: 16,
};

/** One value as a number; undefined for types that are none. */
export function numberAt(bytes: Buffer, at: number, type: PhysicalName): number | undefined {
  switch (type) {
    case 'BOOLEAN1':
    case 'UNS_INTEGER1':
      return bytes.readUInt8(at);
    case 'INTEGER1':
      return bytes.readInt8(at);
    case 'BOOLEAN2':
    case 'INTEGER2':
      return bytes.readInt16LE(at);
    case 'UNS_INTEGER2':
      return bytes.readUInt16LE(at);
    case 'BOOLEAN4':
    case 'INTEGER4':
      return bytes.readInt32LE(at);
    case 'UNS_INTEGER4':
      return bytes.readUInt32LE(at);
    case 'REAL4':
      return bytes.readFloatLE(at);
    case 'REAL8':
      return bytes.readDoubleLE(at);
    default:
      return undefined;
  }
}

type Numbers = new (length: number) => SampleArray;

/** The smallest array of ours that holds every value of a type. */
const ARRAYS: Partial<Record<PhysicalName, Numbers>> = {
  BOOLEAN1: Int16Array,
  BOOLEAN2: Int16Array,
  BOOLEAN4: Int32Array,
  INTEGER1: Int16Array,
  INTEGER2: Int16Array,
  INTEGER4: Int32Array,
  UNS_INTEGER1: Int16Array,
  UNS_INTEGER2: Int32Array,
  UNS_INTEGER4: Float64Array,
  REAL4: Float32Array,
  REAL8: Float64Array,
};

/** Bytes that `numbersAt` needs for one value; undefined for types that are no numbers. */
export function bytesOfNumber(type: PhysicalName): number | undefined {
  return ARRAYS[type] === undefined ? undefined : new ARRAYS[type](1).BYTES_PER_ELEMENT;
}

/** Values one after the other, as a copy; undefined for types that are no numbers. */
export function numbersAt(
  bytes: Buffer,
  at: number,
  count: number,
  type: PhysicalName,
): SampleArray | undefined {
  const kind = ARRAYS[type];
  if (kind === undefined) return undefined;
  const values = new kind(count);
  const size = SIZES[type];
  if (values.BYTES_PER_ELEMENT === size) {
    // The machines that Node runs on are little endian too.
    new Uint8Array(values.buffer).set(bytes.subarray(at, at + count * size));
    return values;
  }
  for (let i = 0; i < count; i += 1) values[i] = numberAt(bytes, at + i * size, type) ?? Number.NaN;
  return values;
}

/** The type that holds an array's values as they are. */
export function physicalOf(samples: SampleArray): PhysicalName {
  if (samples instanceof Int16Array) return 'INTEGER2';
  if (samples instanceof Int32Array) return 'INTEGER4';
  return samples instanceof Float32Array ? 'REAL4' : 'REAL8';
}

/** A GUID as its 16 bytes: the first three fields are little endian. */
export function guidBytes(text: string): Buffer {
  const hex = Buffer.from(text.replaceAll('-', ''), 'hex');
  return Buffer.concat([
    hex.subarray(0, 4).reverse(),
    hex.subarray(4, 6).reverse(),
    hex.subarray(6, 8).reverse(),
    hex.subarray(8),
  ]);
}

/** A GUID as people write it. */
export function guidText(bytes: Buffer, at = 0): string {
  const part = (from: number, to: number): Buffer => Buffer.from(bytes.subarray(at + from, at + to));
  const [a, b, c] = [part(0, 4).reverse(), part(4, 6).reverse(), part(6, 8).reverse()];
  return [a, b, c, part(8, 10), part(10, 16)].map((field) => field.toString('hex')).join('-');
}
