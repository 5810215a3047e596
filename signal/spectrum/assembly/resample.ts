// The host lays out memory and checks all arguments; only what they say is read and written.

/** Places between two samples: 256, so that the upper byte of a fraction of 32 bits is one. */
const FRACTION_BITS: u32 = 32;
const PHASE_SHIFT: u32 = 24;
const PHASE_MASK: u32 = 255;
const ONE: f64 = 4294967296;
/** Half the way to the next place: the nearest is taken. */
const HALF_A_PHASE: i64 = 1 << 23;

/**
 * `points` (a multiple of four) values: the first one at place `from` of the samples (f32), each further one `step` behind; even ones to `even`, odd ones to `odd` (f32). `table`: f32, a row of
 * `taps` (a multiple of four) coefficients for each of 256 places between two samples.
 */
export function resample(
  samples: usize,
  from: f64,
  step: f64,
  points: i32,
  table: usize,
  taps: i32,
  even: usize,
  odd: usize,
): void {
  const bytes = (<usize>taps) << 2;
  const start = samples - ((<usize>((taps >> 1) - 1)) << 2);
  const ahead = <i64>(step * ONE + 0.5);
  let place = <i64>(from * ONE) + HALF_A_PHASE;
  for (let n = 0; n < points; n += 4) {
    const second = place + ahead;
    const third = second + ahead;
    const fourth = third + ahead;
    const x0 = sampleAt(start, place);
    const x1 = sampleAt(start, second);
    const x2 = sampleAt(start, third);
    const x3 = sampleAt(start, fourth);
    const c0 = rowAt(table, place, bytes);
    const c1 = rowAt(table, second, bytes);
    const c2 = rowAt(table, third, bytes);
    const c3 = rowAt(table, fourth, bytes);
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    for (let k: usize = 0; k < bytes; k += 16) {
      s0 = f32x4.add(s0, f32x4.mul(v128.load(c0 + k), v128.load(x0 + k)));
      s1 = f32x4.add(s1, f32x4.mul(v128.load(c1 + k), v128.load(x1 + k)));
      s2 = f32x4.add(s2, f32x4.mul(v128.load(c2 + k), v128.load(x2 + k)));
      s3 = f32x4.add(s3, f32x4.mul(v128.load(c3 + k), v128.load(x3 + k)));
    }
    // the four sums across, then even ones before odd ones
    const a = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
    const b = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
    const low = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const values = f32x4.add(low, high);
    v128.store64_lane(even, values, 0);
    v128.store64_lane(odd, values, 1);
    even += 8;
    odd += 8;
    place = fourth + ahead;
  }
}

function sampleAt(start: usize, place: i64): usize {
  return start + ((<usize>(place >> FRACTION_BITS)) << 2);
}

function rowAt(table: usize, place: i64, bytes: usize): usize {
  return table + <usize>(<u32>(place >> PHASE_SHIFT) & PHASE_MASK) * bytes;
}
