/** Adler-32 (RFC 1950), the checksum of PQDIF's record headers. */
import { IS_LITTLE } from '../little-endian.js';

const MODULUS = 65_521;
/** Words of 32 bits in one pass: sums of so many bytes of a kind still fit in 16 bits (128 * 2 * 255). */
const PASS = 256;
const LANES = 0x00ff_00ff;

export function adler32(bytes: Uint8Array): number {
  const lead = Math.min(bytes.length, -bytes.byteOffset & 3);
  const pairs = (bytes.length - lead) >> 3;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + lead, 2 * pairs);
  const first = bytewise(bytes, 0, lead, 1, 0);
  const middle = IS_LITTLE
    ? wordwise(words, first.a, first.b)
    : bytewise(bytes, lead, lead + 8 * pairs, first.a, first.b);
  const { a, b } = bytewise(bytes, lead + 8 * pairs, bytes.length, middle.a, middle.b);
  return b * 65_536 + a;
}

interface Sums {
  a: number;
  b: number;
}

function bytewise(bytes: Uint8Array, from: number, to: number, a: number, b: number): Sums {
  for (let i = from; i < to; i += 1) {
    a = (a + (bytes[i] ?? 0)) % MODULUS;
    b = (b + a) % MODULUS;
  }
  return { a, b };
}

/**
 * Eight bytes at a time, in a quarter of the steps. After a word p q r s, b has grown by 4 a + 4 p + 3 q + 2 r + s, so it is enough to have the sums of
 * each kind of byte, two kinds in the halves of one number, and the sum of `a` before each word.
 */
function wordwise(words: Uint32Array, a: number, b: number): Sums {
  for (let i = 0; i < words.length; ) {
    const count = Math.min(PASS, words.length - i);
    const to = i + count;
    let pr = 0;
    let qs = 0;
    let firsts = 0;
    let sum = 0;
    let before = 0;
    for (; i < to; i += 2) {
      const x = words[i] as number;
      const y = words[i + 1] as number;
      const even = x & LANES;
      const odd = (x >>> 8) & LANES;
      const nextEven = y & LANES;
      const nextOdd = (y >>> 8) & LANES;
      const first = even + odd;
      const both = first + nextEven + nextOdd;
      pr = (pr + even + nextEven) | 0;
      qs = (qs + odd + nextOdd) | 0;
      firsts = (firsts + first) | 0;
      before = (before + sum) | 0;
      sum = (sum + (both & 0xffff) + (both >>> 16)) | 0;
    }
    const own = 4 * (pr & 0xffff) + 3 * (qs & 0xffff) + 2 * (pr >>> 16) + (qs >>> 16);
    // Before the second word of a pair stands also what the first one added.
    const earlier = 2 * before + (firsts & 0xffff) + (firsts >>> 16);
    b = (b + 4 * (count * a + earlier) + own) % MODULUS;
    a = (a + sum) % MODULUS;
  }
  return { a, b };
}
