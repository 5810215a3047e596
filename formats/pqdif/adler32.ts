/** Adler-32 (RFC 1950), the checksum of PQDIF's record headers. The sums are made in WebAssembly (assembly/adler32.ts). */
import { wasmExports } from '../../common/wasm.js';

const MODULE = new URL('./adler32.wasm', import.meta.url);
/** The first bytes are left to the module. */
const RESERVED = 1024;
/** Bytes copied in at a time: they stay in the processor's first cache until they are summed. */
const PIECE = 16_384;

interface Exports {
  memory: WebAssembly.Memory;
  adler32(at: number, length: number, before: number): number;
}

interface Sums {
  exports: Exports;
  piece: Uint8Array;
}

let sums: Sums | undefined;

/** @throws MakaiError BUILD_INCOMPLETE without the built WebAssembly */
export function adler32(bytes: Uint8Array): number {
  sums ??= started();
  const { exports, piece } = sums;
  let sum = 1;
  for (let from = 0; from < bytes.length; from += PIECE) {
    const part = bytes.subarray(from, from + PIECE);
    piece.set(part);
    sum = exports.adler32(RESERVED, part.length, sum);
  }
  return sum >>> 0;
}

function started(): Sums {
  const exports = wasmExports(MODULE) as unknown as Exports;
  const { memory } = exports;
  if (memory.buffer.byteLength === 0) memory.grow(1);
  return { exports, piece: new Uint8Array(memory.buffer, RESERVED, PIECE) };
}
