/** Discrete Fourier transform of real samples, by decimation in time with radix 2 (Oppenheim and Schafer, Discrete-Time Signal Processing, 9.2). */

/** One length, its tables and its work room: not for two transforms at a time. */
export class RealTransform {
  /** samples: a power of two, 4 or more */
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
    if (length < 4 || !Number.isInteger(Math.log2(length)))
      throw new RangeError(`${length} is no power of two`);
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
    const { re, im } = this;
    const half = this.#half;
    const cos = this.#cos;
    const sin = this.#sin;
    for (let i = 0; i < half; i += 2) {
      const a = re[i] ?? 0;
      const b = im[i] ?? 0;
      const c = re[i + 1] ?? 0;
      const d = im[i + 1] ?? 0;
      re[i] = a + c;
      im[i] = b + d;
      re[i + 1] = a - c;
      im[i + 1] = b - d;
    }
    for (let size = 2; size < half; size *= 2) {
      // tables hold the whole length: twice the steps of the half
      const stride = this.length / (2 * size);
      for (let k = 0; k < size; k += 1) {
        const wr = cos[k * stride] ?? 0;
        const wi = sin[k * stride] ?? 0;
        for (let i = k; i < half; i += 2 * size) {
          const j = i + size;
          const xr = re[j] ?? 0;
          const xi = im[j] ?? 0;
          const tr = xr * wr - xi * wi;
          const ti = xr * wi + xi * wr;
          const ar = re[i] ?? 0;
          const ai = im[i] ?? 0;
          re[j] = ar - tr;
          im[j] = ai - ti;
          re[i] = ar + tr;
          im[i] = ai + ti;
        }
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
