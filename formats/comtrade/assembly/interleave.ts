// Samples of channels into records, eight at a time. The host lays out memory and checks all arguments; only what they say is read and written.

/** Records of two channels: number, timestamp and a word of both samples, four bytes each. */
const TWO_CHANNELS: usize = 12;

/**
 * @param ones samples of one channel, i16
 * @param others of the next one
 * @param to where the first record has its sample of the one channel, at a multiple of four; that of the other follows it
 * @param size bytes of a record
 */
export function putPair(ones: usize, others: usize, to: usize, size: usize, count: i32): void {
  const eighths = count >>> 3;
  for (let i = 0; i < eighths; i++, ones += 16, others += 16) {
    const a = v128.load(ones);
    const b = v128.load(others);
    const low = i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    const high = i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    if (size == TWO_CHANNELS) {
      putFour(to - 8, low);
      putFour(to + 40, high);
      to += 96;
      continue;
    }
    v128.store32_lane(to, low, 0);
    v128.store32_lane((to += size), low, 1);
    v128.store32_lane((to += size), low, 2);
    v128.store32_lane((to += size), low, 3);
    v128.store32_lane((to += size), high, 0);
    v128.store32_lane((to += size), high, 1);
    v128.store32_lane((to += size), high, 2);
    v128.store32_lane((to += size), high, 3);
    to += size;
  }
  for (let i = count & 7; i > 0; i--, ones += 2, others += 2, to += size) {
    store<u16>(to, load<u16>(ones));
    store<u16>(to + 2, load<u16>(others));
  }
}

/** Four records of two channels are three vectors. */
function putFour(at: usize, words: v128): void {
  v128.store(at, i32x4.shuffle(v128.load(at), words, 0, 1, 4, 3));
  v128.store(at + 16, i32x4.shuffle(v128.load(at + 16), words, 0, 5, 2, 3));
  v128.store(at + 32, i32x4.shuffle(v128.load(at + 32), words, 6, 1, 2, 7));
}
