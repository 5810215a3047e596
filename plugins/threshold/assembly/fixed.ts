const BILLION: u64 = 1_000_000_000;

/**
 * The text of `value.toFixed(decimals)` in JavaScript, for values that came as f32 and were multiplied by 100 at most: such a value times
 * 1000 is still exact in a f64. From 1e21 on both write it with an exponent.
 */
export function fixed(value: f64, decimals: i32): string {
  const size = Math.abs(value);
  if (!(size < 1e21)) return value.toString();
  const sign = value < 0 ? '-' : '';
  if (size >= 1e15) return sign + large(size) + '.' + '0'.repeat(decimals);
  let scale: f64 = 1;
  for (let i = 0; i < decimals; i++) scale *= 10;
  const scaled = <u64>Math.floor(size * scale + 0.5);
  const unit = <u64>scale;
  return sign + (scaled / unit).toString() + '.' + (scaled % unit).toString().padStart(decimals, '0');
}

/** Digits of a whole number below 1e21: with no more than 31 bits that count it is a multiple of 1024. */
function large(size: f64): string {
  const part = <u64>(size / 1024);
  const low = (part % BILLION) * 1024;
  const high = (part / BILLION) * 1024 + low / BILLION;
  return high.toString() + (low % BILLION).toString().padStart(9, '0');
}
