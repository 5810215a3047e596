// Discrete Fourier transform of complex values, four at a time, by Stockham's ordering with radix 4 (Van Loan, Computational Frameworks for the FFT, 1.7 and 2.4): each stage reads one room
// and writes the other, in an order that needs no bit reversal. f32; real parts, then, `plane` bytes on, imaginary parts.

/**
 * Transforms `half` values (a power of two, 32 or more) in room `x`; room `y` is used too. `turns`: cos of 2πk/half for all k, then -sin.
 * @returns the room that the result is in
 */
export function transform(half: i32, x: usize, y: usize, plane: usize, turns: usize): usize {
  firstStage(half, x, y, plane, turns);
  let from = y;
  let to = x;
  let size = half >> 2;
  let stride = 4;
  while (size >= 4) {
    stage(half, size, stride, from, to, plane, turns);
    const room = from;
    from = to;
    to = room;
    size >>= 2;
    stride <<= 2;
  }
  if (size == 1) return from;
  lastPairs(half, from, to, plane);
  return to;
}

/** Of neighbouring values: those of four butterflies lie crosswise in what is written. */
function firstStage(half: i32, x: usize, y: usize, plane: usize, turns: usize): void {
  const quarter = <usize>half;
  const sines = turns + ((<usize>half) << 2);
  for (let p: usize = 0; p < quarter; p += 16) {
    const at = x + p;
    const ar = v128.load(at);
    const ai = v128.load(at + plane);
    const br = v128.load(at + quarter);
    const bi = v128.load(at + quarter + plane);
    const cr = v128.load(at + 2 * quarter);
    const ci = v128.load(at + 2 * quarter + plane);
    const dr = v128.load(at + 3 * quarter);
    const di = v128.load(at + 3 * quarter + plane);
    const w1r = v128.load(turns + p);
    const w1i = v128.load(sines + p);
    const w2r = f32x4.sub(f32x4.mul(w1r, w1r), f32x4.mul(w1i, w1i));
    const w2i = f32x4.mul(f32x4.add(w1r, w1r), w1i);
    const w3r = f32x4.sub(f32x4.mul(w1r, w2r), f32x4.mul(w1i, w2i));
    const w3i = f32x4.add(f32x4.mul(w1r, w2i), f32x4.mul(w1i, w2r));
    const sr = f32x4.add(ar, cr);
    const si = f32x4.add(ai, ci);
    const mr = f32x4.sub(ar, cr);
    const mi = f32x4.sub(ai, ci);
    const tr = f32x4.add(br, dr);
    const ti = f32x4.add(bi, di);
    const nr = f32x4.sub(br, dr);
    const ni = f32x4.sub(bi, di);
    // (a - c) - j(b - d), (a + c) - (b + d), (a - c) + j(b - d)
    const fr = f32x4.add(mr, ni);
    const fi = f32x4.sub(mi, nr);
    const gr = f32x4.sub(sr, tr);
    const gi = f32x4.sub(si, ti);
    const hr = f32x4.sub(mr, ni);
    const hi = f32x4.add(mi, nr);
    const out = y + 4 * p;
    crosswise(
      out,
      f32x4.add(sr, tr),
      f32x4.sub(f32x4.mul(fr, w1r), f32x4.mul(fi, w1i)),
      f32x4.sub(f32x4.mul(gr, w2r), f32x4.mul(gi, w2i)),
      f32x4.sub(f32x4.mul(hr, w3r), f32x4.mul(hi, w3i)),
    );
    crosswise(
      out + plane,
      f32x4.add(si, ti),
      f32x4.add(f32x4.mul(fr, w1i), f32x4.mul(fi, w1r)),
      f32x4.add(f32x4.mul(gr, w2i), f32x4.mul(gi, w2r)),
      f32x4.add(f32x4.mul(hr, w3i), f32x4.mul(hi, w3r)),
    );
  }
}

/** The first of each, then the second of each, and so on. */
function crosswise(out: usize, a: v128, b: v128, c: v128, d: v128): void {
  const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(abLow, cdLow, 0, 1, 4, 5));
  v128.store(out, v128.shuffle<f32>(abLow, cdLow, 2, 3, 6, 7), 16);
  v128.store(out, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5), 32);
  v128.store(out, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7), 48);
}

/** Of values `stride` (four or more) apart, which all turn by the same angle. */
function stage(half: i32, size: i32, stride: i32, x: usize, y: usize, plane: usize, turns: usize): void {
  const sines = turns + ((<usize>half) << 2);
  const row = (<usize>stride) << 2;
  const quarter = size >> 2;
  const apart = <usize>quarter * row;
  for (let p = 0; p < quarter; p++) {
    const turn = (<usize>(p * stride)) << 2;
    const w1r = v128.load32_splat(turns + turn);
    const w1i = v128.load32_splat(sines + turn);
    const w2r = v128.load32_splat(turns + 2 * turn);
    const w2i = v128.load32_splat(sines + 2 * turn);
    const w3r = v128.load32_splat(turns + 3 * turn);
    const w3i = v128.load32_splat(sines + 3 * turn);
    let at = x + <usize>p * row;
    let out = y + <usize>(4 * p) * row;
    const end = at + row;
    for (; at < end; at += 16, out += 16) {
      const ar = v128.load(at);
      const ai = v128.load(at + plane);
      const br = v128.load(at + apart);
      const bi = v128.load(at + apart + plane);
      const cr = v128.load(at + 2 * apart);
      const ci = v128.load(at + 2 * apart + plane);
      const dr = v128.load(at + 3 * apart);
      const di = v128.load(at + 3 * apart + plane);
      const sr = f32x4.add(ar, cr);
      const si = f32x4.add(ai, ci);
      const mr = f32x4.sub(ar, cr);
      const mi = f32x4.sub(ai, ci);
      const tr = f32x4.add(br, dr);
      const ti = f32x4.add(bi, di);
      const nr = f32x4.sub(br, dr);
      const ni = f32x4.sub(bi, di);
      const fr = f32x4.add(mr, ni);
      const fi = f32x4.sub(mi, nr);
      const gr = f32x4.sub(sr, tr);
      const gi = f32x4.sub(si, ti);
      const hr = f32x4.sub(mr, ni);
      const hi = f32x4.add(mi, nr);
      v128.store(out, f32x4.add(sr, tr));
      v128.store(out + plane, f32x4.add(si, ti));
      v128.store(out + row, f32x4.sub(f32x4.mul(fr, w1r), f32x4.mul(fi, w1i)));
      v128.store(out + row + plane, f32x4.add(f32x4.mul(fr, w1i), f32x4.mul(fi, w1r)));
      v128.store(out + 2 * row, f32x4.sub(f32x4.mul(gr, w2r), f32x4.mul(gi, w2i)));
      v128.store(out + 2 * row + plane, f32x4.add(f32x4.mul(gr, w2i), f32x4.mul(gi, w2r)));
      v128.store(out + 3 * row, f32x4.sub(f32x4.mul(hr, w3r), f32x4.mul(hi, w3i)));
      v128.store(out + 3 * row + plane, f32x4.add(f32x4.mul(hr, w3i), f32x4.mul(hi, w3r)));
    }
  }
}

/** A number of stages of radix 2 that is odd ends with one. */
function lastPairs(half: i32, x: usize, y: usize, plane: usize): void {
  const apart = (<usize>half) << 1;
  for (let at: usize = 0; at < apart; at += 16) {
    const ar = v128.load(x + at);
    const ai = v128.load(x + at + plane);
    const br = v128.load(x + at + apart);
    const bi = v128.load(x + at + apart + plane);
    v128.store(y + at, f32x4.add(ar, br));
    v128.store(y + at + plane, f32x4.add(ai, bi));
    v128.store(y + at + apart, f32x4.sub(ar, br));
    v128.store(y + at + apart + plane, f32x4.sub(ai, bi));
  }
}

/**
 * Sizes of `count` (a multiple of four) lines of 2 · `half` real values, whose even ones were the real and whose odd ones the imaginary parts of the room's transform, times `scale`, as f64 at
 * `out`. `turns`: cos of πk/half for `count` k, then -sin. A plane of the room has four more places than values.
 */
export function sizes(
  half: i32,
  room: usize,
  plane: usize,
  turns: usize,
  count: i32,
  scale: f32,
  out: usize,
): void {
  const bytes = (<usize>count) << 2;
  // line 0 is its own mirror
  const last = room + ((<usize>half) << 2);
  store<f32>(last, load<f32>(room));
  store<f32>(last + plane, load<f32>(room + plane));
  const halves = f32x4.splat(0.5);
  const scales = f32x4.splat(scale);
  for (let k: usize = 0; k < bytes; k += 16) {
    const mirror = last - k - 12;
    const ar = v128.load(room + k);
    const ai = v128.load(room + k + plane);
    const lr = v128.load(mirror);
    const li = v128.load(mirror + plane);
    const br = v128.shuffle<f32>(lr, lr, 3, 2, 1, 0);
    const bi = v128.shuffle<f32>(li, li, 3, 2, 1, 0);
    const wr = v128.load(turns + k);
    const wi = v128.load(turns + k + bytes);
    const oddRe = f32x4.add(ai, bi);
    const oddIm = f32x4.sub(br, ar);
    const re = f32x4.add(f32x4.add(ar, br), f32x4.sub(f32x4.mul(oddRe, wr), f32x4.mul(oddIm, wi)));
    const im = f32x4.add(f32x4.sub(ai, bi), f32x4.add(f32x4.mul(oddRe, wi), f32x4.mul(oddIm, wr)));
    const squares = f32x4.add(f32x4.mul(re, re), f32x4.mul(im, im));
    const values = f32x4.mul(f32x4.mul(f32x4.sqrt(squares), halves), scales);
    v128.store(out, f64x2.promote_low_f32x4(values));
    v128.store(out, f64x2.promote_low_f32x4(v128.shuffle<f32>(values, values, 2, 3, 2, 3)), 16);
    out += 32;
  }
}
