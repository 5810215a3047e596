// Adler-32 (RFC 1950), sixteen bytes at a time. The host copies bytes in, some at a time, and passes on what the ones before them gave.

const MODULUS: u64 = 65_521;
/** Rows of sixteen bytes in one pass: sums of so many pairs of bytes still fit in 15 bits (64 * 2 * 255). */
const ROWS: i32 = 64;

/**
 * @param length bytes at `at`, at most 65,536: the sums are reduced once, at the end
 * @param before the checksum of what stands before them, 1 for nothing
 */
export function adler32(at: usize, length: i32, before: u32): u32 {
  let a: u64 = before & 0xffff;
  let b: u64 = before >>> 16;
  const low = i16x8.splat(0x00ff);
  const ones = i16x8.splat(1);
  // A byte counts in b once for itself and once for each byte behind it in the row: the first of a pair once more than the second.
  const behind = i16x8(15, 13, 11, 9, 7, 5, 3, 1);
  let rows = length >>> 4;
  while (rows > 0) {
    const count = min(rows, ROWS);
    const end = at + ((<usize>count) << 4);
    let pairs = i16x8.splat(0);
    let firsts = i16x8.splat(0);
    let earlier = i32x4.splat(0);
    for (; at < end; at += 16) {
      const row = v128.load(at);
      earlier = i32x4.add(earlier, i32x4.extadd_pairwise_i16x8_s(pairs));
      pairs = i16x8.add(pairs, i16x8.extadd_pairwise_i8x16_u(row));
      firsts = i16x8.add(firsts, v128.and(row, low));
    }
    const own = i32x4.add(i32x4.dot_i16x8_s(pairs, behind), i32x4.dot_i16x8_s(firsts, ones));
    b += ((<u64>count) << 4) * a + sumOf(i32x4.add(i32x4.shl(earlier, 4), own));
    a += sumOf(i32x4.dot_i16x8_s(pairs, ones));
    rows -= count;
  }
  for (const end = at + <usize>(length & 15); at < end; at += 1) {
    a += load<u8>(at);
    b += a;
  }
  return <u32>(((b % MODULUS) << 16) | (a % MODULUS));
}

function sumOf(lanes: v128): u64 {
  const low = <u64>(<u32>i32x4.extract_lane(lanes, 0)) + <u64>(<u32>i32x4.extract_lane(lanes, 1));
  return low + <u64>(<u32>i32x4.extract_lane(lanes, 2)) + <u64>(<u32>i32x4.extract_lane(lanes, 3));
}
