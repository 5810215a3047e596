/** Reads the parts of a WebAssembly binary that the host has to check (WebAssembly core specification, chapter 5, "Binary Format"). */

/** The bytes are not a WebAssembly module, or use a feature that the host does not know. The message says which. */
export class WasmFormatError extends Error {
  override readonly name = 'WasmFormatError';
}

export class WasmReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte(): number {
    const value = this.at < this.end ? this.bytes[this.at] : undefined;
    if (value === undefined) throw new WasmFormatError('the module is truncated');
    this.at += 1;
    return value;
  }

  /** An unsigned LEB128 number of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw new WasmFormatError('the module has a number that is too long');
  }

  take(count: number): Uint8Array {
    if (count > this.end - this.at) throw new WasmFormatError('the module is truncated');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.u32()));
  }
}

/** A number as unsigned LEB128. */
export function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

export interface Section {
  id: number;
  /** where the id stands */
  start: number;
  /** where the content begins and ends */
  from: number;
  to: number;
}

/** The sections in their order. @throws WasmFormatError */
export function sectionsOf(bytes: Uint8Array): Section[] {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  if (header.some((byte, i) => bytes[i] !== byte)) {
    throw new WasmFormatError('not a WebAssembly module of version 1');
  }
  const reader = new WasmReader(bytes, header.length);
  const sections: Section[] = [];
  while (reader.at < bytes.length) {
    const start = reader.at;
    const id = reader.byte();
    const length = reader.u32();
    const from = reader.at;
    reader.take(length);
    sections.push({ id, start, from, to: reader.at });
  }
  return sections;
}
