/**
 * Harmonics by a discrete Fourier transform over a window of whole cycles, and total harmonic distortion by
 * IEC 61000-4-7:2002+A1:2008. The standard's window is 10 cycles at 50 Hz and 12 cycles at 60 Hz (200 ms, lines 5 Hz apart);
 * N cycles put harmonic h on line h·N.
 */

/** How the lines around a harmonic are joined (IEC 61000-4-7, 5.5.1 and figure 4). */
export type Grouping =
  /** the line of the harmonic alone: distortion factor THD of 3.3.1 */
  | 'none'
  /** with the two lines beside it: group THDS of 3.3.3 */
  | 'subgroup'
  /** with all lines half way to the neighbours, the outermost two at half their square: THDG of 3.3.2 */
  | 'group';

export interface HarmonicOptions {
  /** whole nominal cycles in the window */
  cycles: number;
  /** highest order counted; lines at or above half the sample rate are left out */
  highest?: number;
  grouping?: Grouping;
}

/** RMS of one spectral line: |X_k|·√2/N, unit of the samples. k = 0 and k = N/2 are not asked for here. */
export function lineRms(samples: ArrayLike<number>, line: number): number {
  const n = samples.length;
  const table = cosines(n);
  const quarter = n / 4;
  let re = 0;
  let im = 0;
  for (let i = 0; i < n; i += 1) {
    const phase = (line * i) % n;
    const x = samples[i] ?? 0;
    re += x * (table[phase] ?? 0);
    // sin a = cos(a - 90°); a window whose length four does not divide takes the sine itself
    const sine = Number.isInteger(quarter)
      ? (table[(phase + n - quarter) % n] ?? 0)
      : Math.sin((2 * Math.PI * phase) / n);
    im -= x * sine;
  }
  return (Math.SQRT2 * Math.sqrt(re * re + im * im)) / n;
}

/** RMS of orders 1 .. highest (index 0 holds order 1), each grouped as asked. */
export function harmonicRms(samples: ArrayLike<number>, options: HarmonicOptions): Float64Array {
  const { cycles, grouping } = options;
  const reach = reachOf(options);
  const highest = highestOrder(samples.length, options);
  const result = new Float64Array(Math.max(0, highest));
  for (let order = 1; order <= highest; order += 1) {
    let sum = 0;
    for (let offset = -Math.floor(reach); offset <= reach; offset += 1) {
      const value = lineRms(samples, order * cycles + offset);
      const outermost = grouping === 'group' && Math.abs(offset) === reach;
      sum += outermost ? (value * value) / 2 : value * value;
    }
    result[order - 1] = Math.sqrt(sum);
  }
  return result;
}

/** How many lines on either side join a harmonic's. */
export function reachOf({ cycles, grouping = 'subgroup' }: HarmonicOptions): number {
  if (grouping === 'none') return 0;
  return grouping === 'subgroup' ? 1 : cycles / 2;
}

/** The highest order asked for whose lines all lie below half the sample rate, in a window of so many samples. */
export function highestOrder(samples: number, options: HarmonicOptions): number {
  const last = Math.ceil((samples / 2 - reachOf(options)) / options.cycles) - 1;
  return Math.min(options.highest ?? 40, last);
}

/**
 * Total harmonic distortion as a fraction of the fundamental: sqrt(Σ_{h=2..highest} G_h²) / G_1.
 * @returns NaN for a dead input (0/0)
 */
export function thd(samples: ArrayLike<number>, options: HarmonicOptions): number {
  const orders = harmonicRms(samples, options);
  let sum = 0;
  for (let i = 1; i < orders.length; i += 1) sum += (orders[i] ?? 0) ** 2;
  return Math.sqrt(sum) / (orders[0] ?? 0);
}

const tables = new Map<number, Float64Array>();

function cosines(n: number): Float64Array {
  const known = tables.get(n);
  if (known !== undefined) return known;
  // a handful of window lengths in use; a stranger's lengths must not pile up
  if (tables.size > 16) tables.clear();
  const table = new Float64Array(n);
  for (let i = 0; i < n; i += 1) table[i] = Math.cos((2 * Math.PI * i) / n);
  tables.set(n, table);
  return table;
}
