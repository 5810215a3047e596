/** Adler-32 (RFC 1950), the checksum of PQDIF's record headers. */

const MODULUS = 65_521;
/** So many bytes in one pass before the sums could pass 2^32. */
const RUN = 5552;

export function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let from = 0; from < bytes.length; from += RUN) {
    const to = Math.min(bytes.length, from + RUN);
    for (let i = from; i < to; i += 1) {
      a += bytes[i] as number;
      b += a;
    }
    a %= MODULUS;
    b %= MODULUS;
  }
  return b * 65_536 + a;
}
