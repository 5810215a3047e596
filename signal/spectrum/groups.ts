/**
 * Lines joined into harmonics and interharmonics: IEC 61000-4-7:2002+A1:2008, 5.5 and 5.6 (figures 4 and 6), and the total distortions of 3.3.
 * With N lines from one order to the next (10 at 50 Hz, 12 at 60 Hz), C_k the RMS of line k:
 *
 * - group of order h: the lines nearer to h than to its neighbours; those half way count half (their squares);
 * - subgroup of order h: line hN and the one on either side;
 * - interharmonic group after order h: all lines between hN and (h + 1)N;
 * - interharmonic centred subgroup after order h: those less the two nearest to each order.
 */

import { takeNew } from '../scratch.js';

export interface Lines {
  /** RMS of each line */
  readonly lines: Float64Array;
}

/** RMS of orders 1 to `highest` (index 0 holds order 1), as subgroups. */
export function harmonicSubgroups(
  { lines }: Lines,
  cycles: number,
  highest: number,
  take = takeNew,
): Float64Array {
  return byOrder(highest, (h) => squares(lines, h * cycles - 1, h * cycles + 1), take);
}

/** RMS of orders 1 to `highest` (index 0 holds order 1), as groups. */
export function harmonicGroups({ lines }: Lines, cycles: number, highest: number): Float64Array {
  const half = cycles / 2;
  return byOrder(highest, (h) => {
    const inner = squares(lines, h * cycles - Math.ceil(half) + 1, h * cycles + Math.ceil(half) - 1);
    if (!Number.isInteger(half)) return inner;
    const low = lines[h * cycles - half] ?? 0;
    const high = lines[h * cycles + half] ?? 0;
    return inner + (low * low + high * high) / 2;
  });
}

/** RMS of what lies after orders 0 to `highest` - 1 (index 0: below the fundamental), as groups. */
export function interharmonicGroups({ lines }: Lines, cycles: number, highest: number): Float64Array {
  return byOrder(highest, (h) => squares(lines, (h - 1) * cycles + 1, h * cycles - 1));
}

/** RMS of what lies after orders 0 to `highest` - 1 (index 0: below the fundamental), as centred subgroups. */
export function interharmonicSubgroups({ lines }: Lines, cycles: number, highest: number): Float64Array {
  return byOrder(highest, (h) => squares(lines, (h - 1) * cycles + 2, h * cycles - 2));
}

/**
 * Total harmonic distortion as a fraction of the fundamental: √Σ_{h≥2} G_h² / G_1. Of subgroups it is THDS, of groups THDG (3.3.2, 3.3.3).
 * @param orders RMS of each order, index 0 the fundamental
 * @returns NaN without a fundamental
 */
export function totalDistortion(orders: Float64Array, highest = orders.length): number {
  let sum = 0;
  for (let i = 1; i < Math.min(highest, orders.length); i += 1) sum += (orders[i] ?? 0) ** 2;
  const fundamental = orders[0] ?? 0;
  return fundamental > 0 ? Math.sqrt(sum) / fundamental : Number.NaN;
}

/** Root of the mean of the squares of each order over several windows: the 150/180-cycle value of IEC 61000-4-30:2015, 4.5. */
export function meanOrders(windows: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(windows[0]?.length ?? 0);
  for (const orders of windows) {
    for (let i = 0; i < mean.length; i += 1)
      mean[i] = (mean[i] ?? 0) + (orders[i] ?? 0) ** 2 / windows.length;
  }
  return mean.map(Math.sqrt);
}

function byOrder(highest: number, sumOf: (order: number) => number, take = takeNew): Float64Array {
  const values = take(Math.max(0, highest));
  for (let h = 1; h <= highest; h += 1) values[h - 1] = Math.sqrt(sumOf(h));
  return values;
}

function squares(lines: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let k = from; k <= to; k += 1) {
    const value = lines[k] ?? 0;
    sum += value * value;
  }
  return sum;
}
