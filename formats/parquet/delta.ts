/**
 * DELTA_BINARY_PACKED (Parquet's encodings, "Delta Encoding"): blocks of 128 differences in four miniblocks, each with its own number of bits.
 * For whole numbers that a double holds, without BigInt: some ten times as fast as the library's way for INT64.
 */

const BLOCK = 128;
const MINIBLOCKS = 4;
const MINI = BLOCK / MINIBLOCKS;
/** Up to here bits are put together in 32-bit numbers: 7 that wait and 24 more. */
const FAST_BITS = 24;

/** Bytes at the end of which more are written; grows. */
class Growing {
  bytes: Uint8Array;
  length = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  ensure(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const next = new Uint8Array(Math.max(2 * this.bytes.length, this.length + more));
    next.set(this.bytes.subarray(0, this.length));
    this.bytes = next;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length] = (rest % 0x80) + 0x80;
      this.length += 1;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length] = rest;
    this.length += 1;
  }

  /** Up to 2^62, so that a doubled 53-bit number still fits. */
  zigzag(value: number): void {
    if (Math.abs(value) < 2 ** 51) {
      this.varint(value < 0 ? -2 * value - 1 : 2 * value);
      return;
    }
    let rest = value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value);
    while (rest >= 0x80n) {
      this.bytes[this.length] = Number(rest & 0x7fn) | 0x80;
      this.length += 1;
      rest >>= 7n;
    }
    this.bytes[this.length] = Number(rest);
    this.length += 1;
  }
}

/** Bounds of the values, so that differences of differences are exact in doubles. */
export const MAX_VALUE = 2 ** 51;

/** @param values whole numbers up to MAX_VALUE, of either sign */
export function encodeDelta(values: ArrayLike<number>): Uint8Array {
  const out = new Growing(64 + 2 * values.length);
  out.varint(BLOCK);
  out.varint(MINIBLOCKS);
  out.varint(values.length);
  out.zigzag(values[0] ?? 0);
  const deltas = new Float64Array(BLOCK);
  for (let from = 1; from < values.length; from += BLOCK) {
    const count = Math.min(BLOCK, values.length - from);
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i += 1) {
      const delta = (values[from + i] as number) - (values[from + i - 1] as number);
      deltas[i] = delta;
      if (delta < lowest) lowest = delta;
    }
    for (let i = 0; i < count; i += 1) deltas[i] = (deltas[i] as number) - lowest;
    // What stands behind the last value is not read; as 0 it needs no bits.
    deltas.fill(0, count);
    block(out, deltas, lowest, count);
  }
  return out.bytes.subarray(0, out.length);
}

function block(out: Growing, deltas: Float64Array, lowest: number, count: number): void {
  out.ensure(16 + MINIBLOCKS + BLOCK * 8);
  out.zigzag(lowest);
  const widths = out.length;
  out.length += MINIBLOCKS;
  for (let mini = 0; mini < MINIBLOCKS; mini += 1) {
    const from = mini * MINI;
    let most = 0;
    for (let i = from; i < from + MINI; i += 1) if ((deltas[i] as number) > most) most = deltas[i] as number;
    const bits = bitsOf(most);
    out.bytes[widths + mini] = bits;
    // Miniblocks without a value have no bytes.
    if (bits === 0 || from >= count) continue;
    if (bits <= FAST_BITS) pack(out, deltas, from, bits);
    else packWide(out, deltas, from, bits);
  }
}

function bitsOf(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 32 + bitsOf(Math.floor(value / 2 ** 32));
}

function pack(out: Growing, deltas: Float64Array, from: number, bits: number): void {
  const { bytes } = out;
  let at = out.length;
  let waiting = 0;
  let used = 0;
  for (let i = from; i < from + MINI; i += 1) {
    waiting |= (deltas[i] as number) << used;
    used += bits;
    while (used >= 8) {
      bytes[at] = waiting & 0xff;
      at += 1;
      waiting >>>= 8;
      used -= 8;
    }
  }
  out.length = at;
}

function packWide(out: Growing, deltas: Float64Array, from: number, bits: number): void {
  let waiting = 0n;
  for (let i = MINI - 1; i >= 0; i -= 1)
    waiting = (waiting << BigInt(bits)) | BigInt(deltas[from + i] as number);
  for (let i = 0; i < (MINI * bits) / 8; i += 1) {
    out.bytes[out.length] = Number(waiting & 0xffn);
    out.length += 1;
    waiting >>= 8n;
  }
}
