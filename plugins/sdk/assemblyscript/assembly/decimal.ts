// Decimal text to the nearest double, exactly as JavaScript reads it (ties to even). The library's own parser is off by a bit, or by
// seven powers of ten, for one number in two hundred.
// Method: the digits are kept as they are and halved or doubled until the value lies in [1/2, 1); the power of two that this took
// is the exponent. N. Tao, "ParseNumberF64 by Simple Decimal Conversion", 2020.

/** Digits that can decide a rounding; those beyond only say "a little more". */
const MAX_DIGITS: i32 = 800;
/** Most doublings or halvings at once, so that a digit and its carry fit 64 bits. */
const MAX_SHIFT: i32 = 59;
/** Halvings that bring a value with 0 to 8 digits before the point below 1, never below 1/10. */
const SHIFTS: StaticArray<i32> = [1, 3, 6, 9, 13, 16, 19, 23, 26];

const digits = new StaticArray<u8>(MAX_DIGITS + 20);
let count: i32 = 0;
/** where the point is: value = 0.d0 d1 d2 ... x 10^point */
let point: i32 = 0;
/** digits that are not zero were left out at the end */
let cut: bool = false;

/** Forgets the number before. */
export function beginDecimal(): void {
  count = 0;
  point = 0;
  cut = false;
}

/** Takes one digit (0 to 9). */
export function decimalDigit(digit: u8, afterPoint: bool): void {
  if (digit === 0 && count === 0) {
    if (afterPoint) point--;
    return;
  }
  if (!afterPoint) point++;
  if (count < MAX_DIGITS) digits[count++] = digit;
  else if (digit !== 0) cut = true;
}

/** The double nearest to the digits x 10^exponent. */
export function decimalValue(exponent: i32): f64 {
  trim();
  if (count === 0) return 0;
  point += exponent;
  if (point > 310) return Infinity;
  if (point < -330) return 0;
  let power = 0;
  while (point > 0) {
    const shift = point < 9 ? SHIFTS[point] : 27;
    halve(shift);
    power += shift;
  }
  while (point < 0 || digits[0] < 5) {
    const shift = -point < 9 ? SHIFTS[-point] : 27;
    double(shift);
    power -= shift;
  }
  // the value is in [1/2, 1): a double's mantissa is in [1, 2)
  power--;
  while (power < -1022) {
    const shift = min(-1022 - power, MAX_SHIFT);
    halve(shift);
    power += shift;
  }
  double(53);
  let mantissa = rounded();
  if (mantissa === 1 << 53) {
    mantissa >>= 1;
    power++;
  }
  if (power > 1023) return Infinity;
  const biased: u64 = (mantissa & (1 << 52)) === 0 ? 0 : <u64>(power + 1023);
  return reinterpret<f64>((biased << 52) | (mantissa & ((1 << 52) - 1)));
}

function trim(): void {
  while (count > 0 && digits[count - 1] === 0) count--;
  if (count === 0) point = 0;
}

function halve(shift: i32): void {
  let read = 0;
  let rest: u64 = 0;
  // gather digits until one comes out
  while (rest >> shift === 0) {
    if (read < count) rest = rest * 10 + digits[read];
    else if (rest === 0) {
      count = 0;
      return;
    } else rest *= 10;
    read++;
  }
  point -= read - 1;
  const mask: u64 = (1 << (<u64>shift)) - 1;
  let write = 0;
  while (read < count) {
    digits[write++] = <u8>(rest >> shift);
    rest = (rest & mask) * 10 + digits[read++];
  }
  while (rest > 0) {
    const digit = <u8>(rest >> shift);
    rest = (rest & mask) * 10;
    if (write < MAX_DIGITS) digits[write++] = digit;
    else if (digit !== 0) cut = true;
  }
  count = write;
  trim();
}

function double(shift: i32): void {
  // Digits grow in number by those of 2^shift, at most: written from the right into the room that needs.
  const room = 19;
  let carry: u64 = 0;
  let write = count + room;
  for (let read = count - 1; read >= 0; read--) {
    carry += (<u64>digits[read]) << shift;
    place(--write, carry % 10);
    carry /= 10;
  }
  while (carry > 0) {
    place(--write, carry % 10);
    carry /= 10;
  }
  const end = min(count + room, MAX_DIGITS + room);
  point += room - write;
  const length = end - write;
  for (let i = 0; i < length; i++) digits[i] = digits[write + i];
  count = min(length, MAX_DIGITS);
  for (let i = count; i < length; i++) if (digits[i] !== 0) cut = true;
  trim();
}

function place(at: i32, digit: u64): void {
  if (at < digits.length) digits[at] = <u8>digit;
  else if (digit !== 0) cut = true;
}

/** The digits before the point as an integer, rounded by those behind it. */
function rounded(): u64 {
  let value: u64 = 0;
  for (let i = 0; i < point; i++) value = value * 10 + (i < count ? digits[i] : 0);
  if (point < 0 || point >= count) return value;
  const half = digits[point] === 5 && point + 1 === count && !cut;
  if (half ? (value & 1) === 1 : digits[point] >= 5) value++;
  return value;
}
