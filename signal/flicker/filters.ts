/** Filters in sections of second order, by the bilinear transform with the corner kept (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.1.2). */

/** (b0 + b1 z⁻¹ + b2 z⁻²) / (1 + a1 z⁻¹ + a2 z⁻²), transposed direct form II. */
export class Section {
  readonly #b0: number;
  readonly #b1: number;
  readonly #b2: number;
  readonly #a1: number;
  readonly #a2: number;
  #s1 = 0;
  #s2 = 0;

  constructor(b: readonly [number, number, number], a: readonly [number, number, number]) {
    this.#b0 = b[0] / a[0];
    this.#b1 = b[1] / a[0];
    this.#b2 = b[2] / a[0];
    this.#a1 = a[1] / a[0];
    this.#a2 = a[2] / a[0];
  }

  next(x: number): number {
    const y = this.#b0 * x + this.#s1;
    this.#s1 = this.#b1 * x - this.#a1 * y + this.#s2;
    this.#s2 = this.#b2 * x - this.#a2 * y;
    return y;
  }

  /** As if `x` had stood at the input for ever. */
  settle(x: number): number {
    const gain = (this.#b0 + this.#b1 + this.#b2) / (1 + this.#a1 + this.#a2);
    const y = gain * x;
    this.#s2 = this.#b2 * x - this.#a2 * y;
    this.#s1 = this.#b1 * x - this.#a1 * y + this.#s2;
    return y;
  }
}

/**
 * (n0 + n1 s + n2 s²) / (d0 + d1 s + d2 s²) as a section.
 * @param corner Hz at which the digital filter is that of the analog one
 */
export function bilinear(
  n: readonly [number, number, number],
  d: readonly [number, number, number],
  rate: number,
  corner: number,
): Section {
  const c = (2 * Math.PI * corner) / Math.tan((Math.PI * corner) / rate);
  const laid = ([p0, p1, p2]: readonly [number, number, number]): [number, number, number] => [
    p0 + p1 * c + p2 * c * c,
    2 * (p0 - p2 * c * c),
    p0 - p1 * c + p2 * c * c,
  ];
  return new Section(laid(n), laid(d));
}

/** Butterworth low-pass of an even order, in sections. */
export function butterworthLowPass(order: number, corner: number, rate: number): Section[] {
  const w = 2 * Math.PI * corner;
  return Array.from({ length: order / 2 }, (_, i) => {
    const damping = 2 * Math.sin((Math.PI * (2 * i + 1)) / (2 * order));
    return bilinear([w * w, 0, 0], [w * w, damping * w, 1], rate, corner);
  });
}

/** First-order low-pass with this time constant. */
export function firstOrderLowPass(seconds: number, rate: number): Section {
  return bilinear([1, 0, 0], [1, seconds, 0], rate, 1 / (2 * Math.PI * seconds));
}

/** First-order high-pass. */
export function firstOrderHighPass(corner: number, rate: number): Section {
  const w = 2 * Math.PI * corner;
  return bilinear([0, 1, 0], [w, 1, 0], rate, corner);
}
