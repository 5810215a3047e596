// The measurements of ../*.ts over raw counts, fast: same definitions, fewer operations. The host lays out memory, copies samples
// in as int16 and fills the tables; every function reads and writes only where its arguments say. ../analyser.ts checks all arguments.

/** RMS of windows of `length` samples, `step` apart, from `from` on; `count` results as f64 at `out`. Sums of squares are exact. */
export function windowRms(samples: usize, from: i32, length: i32, step: i32, count: i32, out: usize): void {
  for (let i = 0; i < count; i++) {
    const sum = squares(samples, from + i * step, length);
    store<f64>(out + ((<usize>i) << 3), Math.sqrt(<f64>sum / <f64>length));
  }
}

/** As windowRms with length = 2 · step: each half is summed once. */
export function halfWindowRms(samples: usize, from: i32, step: i32, count: i32, out: usize): void {
  let before = squares(samples, from, step);
  for (let i = 0; i < count; i++) {
    const after = squares(samples, from + (i + 1) * step, step);
    store<f64>(out + ((<usize>i) << 3), Math.sqrt(<f64>(before + after) / <f64>(2 * step)));
    before = after;
  }
}

function squares(samples: usize, from: i32, length: i32): i64 {
  let at = samples + ((<usize>from) << 1);
  const end = at + ((<usize>length) << 1);
  let sums = i64x2.splat(0);
  for (; at + 16 <= end; at += 16) {
    const x = v128.load(at);
    // two squares added: at most 2^31, which fits 32 bits without a sign
    const pairs = i32x4.dot_i16x8_s(x, x);
    sums = i64x2.add(sums, i64x2.add(i64x2.extend_low_i32x4_u(pairs), i64x2.extend_high_i32x4_u(pairs)));
  }
  let sum = i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1);
  for (; at < end; at += 2) {
    const x = <i32>load<i16>(at);
    sum += <i64>(x * x);
  }
  return sum;
}

function largest(samples: usize, count: i32): i32 {
  let peak = 0;
  for (let i = 0; i < count; i++) {
    const x = <i32>load<i16>(samples + ((<usize>i) << 1));
    const size = x < 0 ? -x : x;
    if (size > peak) peak = size;
  }
  return peak;
}

/** First and last rising crossing found by `frequency`, in samples. */
export let firstCrossing: f64 = 0;
export let lastCrossing: f64 = 0;

/**
 * Rising crossings of the signal behind a Hann window of `length` samples, looked at every `step`. The window is (1 - cos)/length, so its
 * output is a running sum less a running sum turned by the phase: one step costs two multiplications, not `length`.
 * `table`: cos, then sin, of 2πi/length. Outputs below `rounding` times the largest sample count as zero. Returns how many crossings there were.
 */
export function risingCrossings(
  samples: usize,
  count: i32,
  length: i32,
  step: i32,
  rounding: f64,
  table: usize,
): i32 {
  if (count < length) return 0;
  const floor = rounding * <f64>largest(samples, count);
  const sines = table + ((<usize>length) << 3);
  // Σ x, exact; Σ x·cos and Σ x·sin with the phase of the sample's own place
  let plain: i64 = 0;
  let re: f64 = 0;
  let im: f64 = 0;
  for (let i = 0; i < length; i++) {
    const x = load<i16>(samples + ((<usize>i) << 1));
    plain += x;
    re += <f64>x * load<f64>(table + ((<usize>i) << 3));
    im += <f64>x * load<f64>(sines + ((<usize>i) << 3));
  }
  let found = 0;
  let last: f64 = NaN;
  let phase = 0;
  let next = 0;
  for (let at = 0; ; at++) {
    if (at == next) {
      const turn = (<usize>phase) << 3;
      let value = (<f64>plain - (re * load<f64>(table + turn) + im * load<f64>(sines + turn))) / <f64>length;
      if (Math.abs(value) <= floor) value = 0;
      if (last < 0 && value >= 0) {
        lastCrossing = <f64>at - (<f64>step * value) / (value - last);
        if (found == 0) firstCrossing = lastCrossing;
        found++;
      }
      last = value;
      next += step;
    }
    if (at + length >= count) break;
    const leaving = <i32>load<i16>(samples + ((<usize>at) << 1));
    const coming = <i32>load<i16>(samples + ((<usize>(at + length)) << 1));
    const change = <f64>(coming - leaving);
    plain += <i64>(coming - leaving);
    re += change * load<f64>(table + ((<usize>phase) << 3));
    im += change * load<f64>(sines + ((<usize>phase) << 3));
    phase++;
    if (phase == length) phase = 0;
  }
  return found;
}

/**
 * |X|² of the lines order · cycles + offset, for order 1 .. highest, added to f64 sums at `out` with the weight given. The window is
 * `cycles` · `length` samples. With m = r + length · q the transform of one offset is that of `length` values folded over
 * the cycles, for all orders in one pass. `table`: cos, then sin, of 2πi/(cycles · length); `folded`: room for 2 · length f64.
 */
export function addLines(
  samples: usize,
  cycles: i32,
  length: i32,
  offset: i32,
  highest: i32,
  weight: f64,
  table: usize,
  folded: usize,
  out: usize,
): void {
  const total = cycles * length;
  const sines = table + ((<usize>total) << 3);
  // a negative offset turns the other way
  const turn = offset < 0 ? offset + total : offset;
  for (let r = 0; r < length; r++) {
    let re: f64 = 0;
    let im: f64 = 0;
    // phase of offset · (r + length · q), in steps of 2π/total
    let phase = <i32>((<i64>turn * r) % total);
    const step = <i32>((<i64>turn * length) % total);
    for (let q = 0; q < cycles; q++) {
      const x = <f64>load<i16>(samples + ((<usize>(r + length * q)) << 1));
      re += x * load<f64>(table + ((<usize>phase) << 3));
      im -= x * load<f64>(sines + ((<usize>phase) << 3));
      phase += step;
      if (phase >= total) phase -= total;
    }
    store<f64>(folded + ((<usize>r) << 4), re);
    store<f64>(folded + ((<usize>r) << 4), im, 8);
  }
  for (let order = 1; order <= highest; order++) {
    let re: f64 = 0;
    let im: f64 = 0;
    let phase = 0;
    // 2π · order · r / length = order · cycles · r steps of 2π/total
    const step = (order * cycles) % total;
    for (let r = 0; r < length; r++) {
      const a = load<f64>(folded + ((<usize>r) << 4));
      const b = load<f64>(folded + ((<usize>r) << 4), 8);
      const c = load<f64>(table + ((<usize>phase) << 3));
      const s = load<f64>(sines + ((<usize>phase) << 3));
      re += a * c + b * s;
      im += b * c - a * s;
      phase += step;
      if (phase >= total) phase -= total;
    }
    const place = out + ((<usize>(order - 1)) << 3);
    store<f64>(place, load<f64>(place) + weight * (re * re + im * im));
  }
}

/**
 * Largest |output| of a symmetric filter of `taps` (odd) coefficients over the samples. `kernel`: the middle coefficient first, then
 * those beside it: one multiplication serves both sides, and two outputs are computed at a time. `scratch`: room for `room` f64, some
 * of which hold the samples at hand.
 */
export function largestFiltered(
  samples: usize,
  count: i32,
  taps: i32,
  kernel: usize,
  scratch: usize,
  room: i32,
): f64 {
  const reach = taps >> 1;
  const outputs = count - 2 * reach;
  // an even number of outputs a piece, and one sample more than they need
  const most = (room - 2 * reach - 2) & ~1;
  let largest: f64 = 0;
  for (let from = 0; from < outputs; from += most) {
    const now = min(most, outputs - from);
    const filled = now + 2 * reach;
    for (let i = 0; i < filled; i++) {
      store<f64>(scratch + ((<usize>i) << 3), <f64>load<i16>(samples + ((<usize>(from + i)) << 1)));
    }
    // what a last odd output's neighbour reads
    store<f64>(scratch + ((<usize>filled) << 3), 0);
    for (let i = 0; i < now; i += 2) {
      const place = scratch + ((<usize>(i + reach)) << 3);
      let value = f64x2.mul(v128.load(place), v128.load64_splat(kernel));
      for (let k = 1; k <= reach; k++) {
        const away = (<usize>k) << 3;
        const pair = f64x2.add(v128.load(place - away), v128.load(place + away));
        value = f64x2.add(value, f64x2.mul(pair, v128.load64_splat(kernel + away)));
      }
      const size = f64x2.abs(value);
      largest = max(largest, f64x2.extract_lane(size, 0));
      if (i + 1 < now) largest = max(largest, f64x2.extract_lane(size, 1));
    }
  }
  return largest;
}
