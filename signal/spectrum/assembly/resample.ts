// The inner loop of ../resample.ts, four products at a time. The host lays out memory and checks all arguments; only what they say is read and written.

/**
 * `points` values of f64 at `out`: the first one at place `from` of the samples (f32), each further one `step` behind. `table`: f32, a row of `taps` (a multiple of four)
 * coefficients for each of `phases` + 1 places between two samples.
 */
export function resample(
  samples: usize,
  from: f64,
  step: f64,
  points: i32,
  table: usize,
  taps: i32,
  phases: i32,
  out: usize,
): void {
  const row = (<usize>taps) << 2;
  const before = (taps >> 1) - 1;
  for (let n = 0; n < points; n++) {
    const place = from + <f64>n * step;
    const whole = <i32>place;
    const phase = <i32>((place - <f64>whole) * <f64>phases + 0.5);
    let at = samples + ((<usize>(whole - before)) << 2);
    let k = table + <usize>phase * row;
    const end = k + row;
    let sums = f32x4.splat(0);
    for (; k < end; k += 16, at += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(k), v128.load(at)));
    const low = <f64>f32x4.extract_lane(sums, 0) + <f64>f32x4.extract_lane(sums, 1);
    const high = <f64>f32x4.extract_lane(sums, 2) + <f64>f32x4.extract_lane(sums, 3);
    store<f64>(out + ((<usize>n) << 3), low + high);
  }
}
