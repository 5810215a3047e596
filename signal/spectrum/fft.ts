/** Discrete Fourier transform of real samples, by decimation in time, two stages of radix 2 at a time (Oppenheim and Schafer, Discrete-Time Signal Processing, 9.2 and 9.3). */

/** One length, its tables and its work room: not for two transforms at a time. */
export class RealTransform {
  /** samples: a power of two, 8 or more */
  readonly length: number;
  /** real and imaginary parts of lines 0 to length / 2, after `run` */
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly #half: number;
  readonly #order: Uint32Array;
  /** cos and -sin of 2πk/length, for k up to length / 2 */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /** @throws RangeError for a length that is no power of two */
  constructor(length: number) {
    if (length < 8 || !Number.isInteger(Math.log2(length)))
      throw new RangeError(`${length} is no power of two from 8 on`);
    this.length = length;
    const half = length / 2;
    this.#half = half;
    this.re = new Float64Array(half + 1);
    this.im = new Float64Array(half + 1);
    const bits = Math.log2(half);
    this.#order = Uint32Array.from({ length: half }, (_, i) => {
      let turned = 0;
      for (let b = 0; b < bits; b += 1) turned |= ((i >> b) & 1) << (bits - 1 - b);
      return turned;
    });
    this.#cos = Float64Array.from({ length: half + 1 }, (_, k) => Math.cos((2 * Math.PI * k) / length));
    this.#sin = Float64Array.from({ length: half + 1 }, (_, k) => -Math.sin((2 * Math.PI * k) / length));
  }

  /** Transforms `length` samples: X_k = Σ x_n exp(-2πjkn/length). */
  run(x: Float64Array): void {
    const { re, im } = this;
    const order = this.#order;
    const half = this.#half;
    // even samples as real, odd ones as imaginary parts of half as many
    for (let i = 0; i < half; i += 1) {
      const from = 2 * (order[i] ?? 0);
      re[i] = x[from] ?? 0;
      im[i] = x[from + 1] ?? 0;
    }
    this.#butterflies();
    this.#untangle();
  }

  #butterflies(): void {
    const half = this.#half;
    let size = 1;
    // an odd number of stages begins with one of radix 2
    if (Math.log2(half) % 2 === 1) {
      this.#pairs();
      size = 2;
    }
    for (; size < half; size *= 4) this.#fours(size);
  }

  #pairs(): void {
    const { re, im } = this;
    for (let i = 0; i < this.#half; i += 2) {
      const a = re[i] ?? 0;
      const b = im[i] ?? 0;
      const c = re[i + 1] ?? 0;
      const d = im[i + 1] ?? 0;
      re[i] = a + c;
      im[i] = b + d;
      re[i + 1] = a - c;
      im[i + 1] = b - d;
    }
  }

  /** Four transforms of `size` become one: in bit-reversed order they are those of every fourth value from 0, 2, 1 and 3 on. */
  #fours(size: number): void {
    const { re, im } = this;
    const cos = this.#cos;
    const sin = this.#sin;
    const half = this.#half;
    // the tables hold the real samples' length, twice that of the complex values
    const stride = this.length / (4 * size);
    for (let base = 0; base < half; base += 4 * size) {
      for (let k = 0; k < size; k += 1) {
        // One declaration a value: a list taken apart cost three times the time of the whole transform.
        const i0 = base + k;
        const i1 = i0 + size;
        const i2 = i1 + size;
        const i3 = i2 + size;
        const w1r = cos[k * stride] ?? 0;
        const w1i = sin[k * stride] ?? 0;
        const w2r = w1r * w1r - w1i * w1i;
        const w2i = 2 * w1r * w1i;
        const w3r = w1r * w2r - w1i * w2i;
        const w3i = w1r * w2i + w1i * w2r;
        const ar = re[i0] ?? 0;
        const ai = im[i0] ?? 0;
        const xr = re[i1] ?? 0;
        const xi = im[i1] ?? 0;
        const br = xr * w2r - xi * w2i;
        const bi = xr * w2i + xi * w2r;
        const yr = re[i2] ?? 0;
        const yi = im[i2] ?? 0;
        const cr = yr * w1r - yi * w1i;
        const ci = yr * w1i + yi * w1r;
        const zr = re[i3] ?? 0;
        const zi = im[i3] ?? 0;
        const dr = zr * w3r - zi * w3i;
        const di = zr * w3i + zi * w3r;
        const pr = ar + br;
        const pi = ai + bi;
        const mr = ar - br;
        const mi = ai - bi;
        const qr = cr + dr;
        const qi = ci + di;
        const nr = cr - dr;
        const ni = ci - di;
        re[i0] = pr + qr;
        im[i0] = pi + qi;
        re[i1] = mr + ni;
        im[i1] = mi - nr;
        re[i2] = pr - qr;
        im[i2] = pi - qi;
        re[i3] = mr - ni;
        im[i3] = mi + nr;
      }
    }
  }

  /** Lines of the real samples from those of the complex ones. */
  #untangle(): void {
    const { re, im } = this;
    const half = this.#half;
    const first = re[0] ?? 0;
    const second = im[0] ?? 0;
    re[0] = first + second;
    im[0] = 0;
    re[half] = first - second;
    im[half] = 0;
    for (let k = 1; k <= half / 2; k += 1) {
      const j = half - k;
      const ar = re[k] ?? 0;
      const ai = im[k] ?? 0;
      const br = re[j] ?? 0;
      const bi = im[j] ?? 0;
      const evenRe = (ar + br) / 2;
      const evenIm = (ai - bi) / 2;
      const oddRe = (ai + bi) / 2;
      const oddIm = (br - ar) / 2;
      const wr = this.#cos[k] ?? 0;
      const wi = this.#sin[k] ?? 0;
      const tr = oddRe * wr - oddIm * wi;
      const ti = oddRe * wi + oddIm * wr;
      re[k] = evenRe + tr;
      im[k] = evenIm + ti;
      re[j] = evenRe - tr;
      im[j] = ti - evenIm;
    }
  }
}
