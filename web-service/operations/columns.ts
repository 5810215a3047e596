/** Columns of min, max and average over a range, decimated as documents pass by. */
import type { BandColumns } from '../api/values.js';

/** Points of equal length over a range; each takes what lies in it. */
export class Bands {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly size: number;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #sum: Float64Array;
  readonly #count: Uint32Array;

  constructor(fromMs: number, stepMs: number, size: number) {
    this.fromMs = fromMs;
    this.stepMs = stepMs;
    this.size = size;
    this.#min = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
    this.#max = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
    this.#sum = new Float64Array(size);
    this.#count = new Uint32Array(size);
  }

  add(point: number, min: number, max: number, average: number): void {
    if (min < (this.#min[point] ?? 0)) this.#min[point] = min;
    if (max > (this.#max[point] ?? 0)) this.#max[point] = max;
    this.#sum[point] = (this.#sum[point] ?? 0) + average;
    this.#count[point] = (this.#count[point] ?? 0) + 1;
  }

  /** Of the points that are given; undefined where none has a value. */
  columns(points: readonly number[]): BandColumns | undefined {
    if (points.every((point) => this.#count[point] === 0)) return undefined;
    const of = (value: (point: number) => number): (number | null)[] =>
      points.map((point) => (this.#count[point] === 0 ? null : value(point)));
    return {
      min: of((point) => this.#min[point] ?? 0),
      max: of((point) => this.#max[point] ?? 0),
      average: of((point) => (this.#sum[point] ?? 0) / (this.#count[point] ?? 1)),
    };
  }
}

/** Steps that people read: a point begins at a multiple of one. */
const STEPS_MS = [
  200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
  3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000,
];

/** Points of a chart: each begins at a multiple of the step, and there are `points` at most. */
export function stepOf(fromMs: number, toMs: number, points: number, minMs: number): number {
  const wanted = Math.max(minMs, (toMs - fromMs) / Math.max(1, points - 1));
  return STEPS_MS.find((step) => step >= wanted && step % minMs === 0) ?? Math.ceil(wanted / minMs) * minMs;
}
