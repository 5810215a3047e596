/**
 * Digital flickermeter, IEC 61000-4-15:2010: block 1 (the voltage over its own slow mean), 2 (squared: the lamp), 3 (what eye and lamp let
 * through), 4 (squared and averaged: the brain) as a stream; `pst.ts` is block 5. Samples may come in pieces of any length.
 */
import {
  ADAPTOR_S,
  HIGH_PASS_HZ,
  type Lamp,
  LOW_PASS_HZ,
  REFERENCE_HZ,
  SLIDING_MEAN_S,
  WEIGHTING,
} from './coefficients.js';
import {
  bilinear,
  butterworthLowPass,
  firstOrderHighPass,
  firstOrderLowPass,
  type Section,
} from './filters.js';

export interface FlickerOptions {
  /** samples a second, 800 or more */
  rate: number;
  lamp: Lamp;
  grid: 50 | 60;
}

/** The squared voltage is averaged over whole samples down to this rate or more, Hz: far above what block 3 lets through. */
const INNER_RATE = 1600;

export class Flickermeter {
  /** values of `push` a second */
  readonly innerRate: number;
  readonly #decimation: number;
  readonly #adaptor: Section;
  readonly #filters: Section[];
  readonly #mean: Section;
  readonly #scale: number;
  #sum = 0;
  #held = 0;
  #level = 0;

  constructor({ rate, lamp, grid }: FlickerOptions) {
    this.#decimation = Math.max(1, Math.floor(rate / INNER_RATE));
    const inner = rate / this.#decimation;
    this.innerRate = inner;
    const weighting = WEIGHTING[lamp];
    this.#adaptor = firstOrderLowPass(ADAPTOR_S, inner);
    this.#filters = [
      firstOrderHighPass(HIGH_PASS_HZ, inner),
      ...butterworthLowPass(6, LOW_PASS_HZ[grid], inner),
      ...weightingSections(lamp, inner),
    ];
    this.#mean = firstOrderLowPass(SLIDING_MEAN_S, inner);
    this.#scale = 1 / referenceOutput(lamp, grid, weighting.reference);
  }

  /**
   * Sets the slow mean of block 1, as if the voltage had long been so; without it the first minutes are false.
   * @param meanSquare of the voltage, unit of the samples squared
   */
  settle(meanSquare: number): void {
    this.#level = this.#adaptor.settle(meanSquare);
    let x = 1;
    for (const filter of this.#filters) x = filter.settle(x);
    this.#mean.settle(0);
  }

  /** @returns Pinst, one value each 1/innerRate s */
  push(samples: ArrayLike<number>): Float64Array {
    const decimation = this.#decimation;
    const out = new Float64Array(Math.floor((this.#held + samples.length) / decimation));
    let filled = 0;
    for (let i = 0; i < samples.length; i += 1) {
      const x = samples[i] ?? 0;
      this.#sum += x * x;
      this.#held += 1;
      if (this.#held < decimation) continue;
      out[filled] = this.#next(this.#sum / decimation);
      filled += 1;
      this.#sum = 0;
      this.#held = 0;
    }
    return out;
  }

  #next(square: number): number {
    if (this.#level === 0) this.settle(square);
    this.#level = this.#adaptor.next(square);
    // the mean square follows the voltage twice as strongly as the voltage itself: the same as dividing the voltage by its RMS
    let x = this.#level > 0 ? square / this.#level : 0;
    for (const filter of this.#filters) x = filter.next(x);
    return this.#scale * this.#mean.next(x * x);
  }
}

function weightingSections(lamp: Lamp, rate: number): Section[] {
  const { k, lambda, f1, f2, f3, f4 } = WEIGHTING[lamp];
  const [l, w1, w2, w3, w4] = [lambda, f1, f2, f3, f4].map((f) => 2 * Math.PI * f) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return [
    bilinear([0, k * w1, 0], [w1 * w1, 2 * l, 1], rate, REFERENCE_HZ),
    bilinear([1, 1 / w2, 0], [1, 1 / w3 + 1 / w4, 1 / (w3 * w4)], rate, REFERENCE_HZ),
  ];
}

/**
 * What block 4 gives, unscaled, at its peak for the reference modulation: m sin of relative amplitude m = ΔV/V in the squared voltage, through block
 * 3, squared (mean m²/2 and a ripple of twice the frequency), through the sliding mean.
 */
function referenceOutput(lamp: Lamp, grid: 50 | 60, reference: number): number {
  const w = 2 * Math.PI * REFERENCE_HZ;
  const { k, lambda, f1, f2, f3, f4 } = WEIGHTING[lamp];
  const at = (f: number): number => REFERENCE_HZ / f;
  const l = 2 * Math.PI * lambda;
  const w1 = 2 * Math.PI * f1;
  const first = (k * w1 * w) / Math.hypot(w1 * w1 - w * w, 2 * l * w);
  const second = Math.hypot(1, at(f2)) / (Math.hypot(1, at(f3)) * Math.hypot(1, at(f4)));
  const highPass = at(HIGH_PASS_HZ) / Math.hypot(1, at(HIGH_PASS_HZ));
  const lowPass = 1 / Math.sqrt(1 + at(LOW_PASS_HZ[grid]) ** 12);
  const amplitude = reference * first * second * highPass * lowPass;
  const ripple = 1 / Math.hypot(1, 2 * w * SLIDING_MEAN_S);
  return (amplitude ** 2 / 2) * (1 + ripple);
}
