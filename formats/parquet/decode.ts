/** Parquet's encodings: runs and bit-packed numbers, differences, plain values. Every length is checked before it is used. */
import type { PhysicalType } from './footer.js';

/** What is decoded of one page; a message without place is thrown, and its page put to it by the caller. */
export class PageError extends Error {}

/** Values of a leaf: numbers in typed arrays, the rest as they are. */
export type Values = Int32Array | Float64Array | readonly (string | Uint8Array | boolean)[];

export class Bytes {
  at = 0;

  constructor(readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new PageError('the page ends too early');
    this.at += 1;
    return byte;
  }

  take(length: number): Buffer {
    if (!(length >= 0 && length <= this.left))
      throw new PageError(`${length} bytes are needed, and the page has ${this.left} more`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new PageError('a number of more than 64 bits');
  }

  /** Of 64 bits, exactly. */
  zigzag(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return (value >> 1n) ^ -(value & 1n);
    }
    throw new PageError('a number of more than 64 bits');
  }
}

/** RLE / bit-packed hybrid: levels and indexes of a dictionary. @param bits of a value, 1 to 32 */
export function hybrid(from: Bytes, bits: number, count: number): Uint32Array {
  if (bits > 32) throw new PageError(`values of ${bits} bits`);
  const values = new Uint32Array(count);
  if (bits === 0) return values;
  for (let at = 0; at < count; ) {
    const header = from.varint();
    const length = Math.floor(header / 2);
    if (header % 2 === 0) {
      let value = 0;
      for (let byte = 0; byte < Math.ceil(bits / 8); byte += 1) value += from.byte() * 2 ** (8 * byte);
      if (length === 0) throw new PageError('a run of no values');
      const end = Math.min(count, at + length);
      values.fill(value, at, end);
      at = end;
    } else {
      if (length === 0) throw new PageError('a run of no values');
      const wanted = Math.min(count - at, 8 * length);
      // Some writers leave off what follows the last value.
      const packed = from.take(Math.min(from.left, length * bits));
      if (packed.length * 8 < wanted * bits) throw new PageError('the page ends within its values');
      unpack(packed, bits, wanted, values, at);
      at += wanted;
    }
  }
  return values;
}

/** Up to here bits are put together in 32-bit numbers. */
const FAST_BITS = 24;

/** Values of up to 40 bits, one after the other from the lowest bit on. */
function unpack(
  packed: Uint8Array,
  bits: number,
  count: number,
  out: Uint32Array | Float64Array,
  at: number,
): void {
  let byte = 0;
  let have = 0;
  let waiting = 0;
  if (bits <= FAST_BITS) {
    const mask = 2 ** bits - 1;
    for (let i = 0; i < count; i += 1) {
      while (have < bits) {
        waiting |= (packed[byte] as number) << have;
        byte += 1;
        have += 8;
      }
      out[at + i] = waiting & mask;
      waiting >>>= bits;
      have -= bits;
    }
    return;
  }
  const whole = 2 ** bits;
  for (let i = 0; i < count; i += 1) {
    // At most bits + 7 of them: a double holds 53.
    while (have < bits) {
      waiting += (packed[byte] ?? 0) * 2 ** have;
      byte += 1;
      have += 8;
    }
    const value = waiting % whole;
    out[at + i] = value;
    waiting = (waiting - value) / whole;
    have -= bits;
  }
}

/** Sums of so many bits are exact in doubles. */
const EXACT = 2n ** 50n;

/** DELTA_BINARY_PACKED. INT64 values beyond 2^53 are rounded to the next double. */
export function delta(from: Bytes, count: number, type: PhysicalType): Int32Array | Float64Array {
  const block = from.varint();
  const minis = from.varint();
  const total = from.varint();
  const perMini = block / minis;
  if (total !== count) throw new PageError(`${total} differences for ${count} values`);
  if (!(block > 0 && block <= 65_536 && block % 128 === 0 && minis > 0 && perMini % 32 === 0))
    throw new PageError(`blocks of ${block} differences in ${minis} parts`);
  const values = type === 'INT32' ? new Int32Array(count) : new Float64Array(count);
  const rests = new Float64Array(perMini);
  let exact = from.zigzag();
  if (count > 0) values[0] = Number(exact);
  for (let at = 1; at < count; ) {
    const lowest = from.zigzag();
    const widths = from.take(minis);
    for (let mini = 0; mini < minis && at < count; mini += 1) {
      const bits = widths[mini] ?? 0;
      if (bits > 64) throw new PageError(`differences of ${bits} bits`);
      const wanted = Math.min(perMini, count - at);
      const packed = from.take((perMini * bits) / 8);
      const small = bits <= 40 && within(exact) && within(lowest);
      exact = small
        ? fewBits(packed, bits, wanted, Number(exact), Number(lowest), rests, values, at)
        : manyBits(packed, bits, wanted, exact, lowest, values, at);
      at += wanted;
    }
  }
  return values;
}

const within = (value: bigint): boolean => value < EXACT && value > -EXACT;

/** @returns the last value */
function fewBits(
  packed: Uint8Array,
  bits: number,
  count: number,
  before: number,
  lowest: number,
  rests: Float64Array,
  values: Int32Array | Float64Array,
  at: number,
): bigint {
  if (bits === 0) rests.fill(0, 0, count);
  else unpack(packed, bits, count, rests, 0);
  let value = before;
  for (let i = 0; i < count; i += 1) {
    value += lowest + (rests[i] as number);
    values[at + i] = value;
  }
  return BigInt(value);
}

function manyBits(
  packed: Uint8Array,
  bits: number,
  count: number,
  before: bigint,
  lowest: bigint,
  values: Int32Array | Float64Array,
  at: number,
): bigint {
  const mask = (1n << BigInt(bits)) - 1n;
  let value = before;
  for (let i = 0; i < count; i += 1) {
    let rest = 0n;
    for (let byte = (i * bits + bits - 1) >> 3; byte >= (i * bits) >> 3; byte -= 1)
      rest = (rest << 8n) | BigInt(packed[byte] ?? 0);
    value = BigInt.asIntN(64, value + lowest + ((rest >> BigInt((i * bits) & 7)) & mask));
    values[at + i] = Number(value);
  }
  return value;
}

/** PLAIN. @param isText bytes are UTF-8 */
export function plain(from: Bytes, count: number, type: PhysicalType, isText: boolean): Values {
  switch (type) {
    case 'INT32': {
      const bytes = from.take(4 * count);
      return Int32Array.from({ length: count }, (_, i) => bytes.readInt32LE(4 * i));
    }
    case 'INT64': {
      const bytes = from.take(8 * count);
      return Float64Array.from({ length: count }, (_, i) => Number(bytes.readBigInt64LE(8 * i)));
    }
    case 'FLOAT': {
      const bytes = from.take(4 * count);
      return Float64Array.from({ length: count }, (_, i) => bytes.readFloatLE(4 * i));
    }
    case 'DOUBLE': {
      const bytes = from.take(8 * count);
      return Float64Array.from({ length: count }, (_, i) => bytes.readDoubleLE(8 * i));
    }
    case 'BOOLEAN': {
      const bytes = from.take(Math.ceil(count / 8));
      return Array.from({ length: count }, (_, i) => (((bytes[i >> 3] ?? 0) >> (i & 7)) & 1) === 1);
    }
    case 'BYTE_ARRAY': {
      if (4 * count > from.left) throw new PageError(`${count} texts in ${from.left} bytes`);
      return Array.from({ length: count }, () => {
        const bytes = from.take(from.take(4).readUInt32LE());
        return isText ? bytes.toString('utf8') : Uint8Array.from(bytes);
      });
    }
    default:
      throw new PageError(`values of type ${type} are not read`);
  }
}
