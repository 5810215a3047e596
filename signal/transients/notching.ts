/**
 * Periodic notching (IEEE 1159-2019, 4.5.3: a disturbance of every cycle when current is commutated from one phase to another): short cuts
 * against the voltage, at the same points on wave in every cycle. Looked for in the mean cycle of a window, in which noise is averaged away; what is narrower
 * than a twenty-fourth of a cycle is what a running median over a twelfth takes off.
 */

export interface Notching {
  /** notches a cycle */
  count: number;
  /** depth of the deepest, unit of the samples */
  depth: number;
  /** its width at half its depth, s */
  width: number;
  /** ∫ of all notches of a cycle, unit · s (IEEE 519-2014, 5.3: notch area) */
  area: number;
  /** share of the notches that go against the voltage */
  against: number;
}

/** Points of the mean cycle. */
const POINTS = 240;

/** The mean of the cycles between two places; each cycle is laid on the same points. */
export function meanCycle(x: Float64Array, at: Float64Array, first: number, cycles: number): Float64Array {
  const mean = new Float64Array(POINTS);
  for (let c = 0; c < cycles; c += 1) {
    const from = at[first + 2 * c] ?? 0;
    const step = ((at[first + 2 * c + 2] ?? 0) - from) / POINTS;
    for (let p = 0; p < POINTS; p += 1) {
      const place = from + p * step;
      const whole = Math.floor(place);
      const near = x[whole] ?? 0;
      mean[p] = (mean[p] ?? 0) + (near + (place - whole) * ((x[whole + 1] ?? near) - near)) / cycles;
    }
  }
  return mean;
}

/** Undefined where fewer than two notches a cycle are deeper than `floor`. @param cycleSeconds time that the cycle takes */
export function findNotching(cycle: Float64Array, floor: number, cycleSeconds: number): Notching | undefined {
  const n = cycle.length;
  const narrow = cycle.map((value, i) => value - runningMedian(cycle, i, Math.round(n / 24)));
  const tick = cycleSeconds / n;
  let [count, depth, width, area, against] = [0, 0, 0, 0, 0];
  // the median is bent a little beside a notch: what is small against the deepest is that
  const threshold = Math.max(floor, 0.4 * narrow.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
  // begin where there is no notch, so that none is cut in two
  const start = narrow.findIndex((value) => Math.abs(value) < floor / 4);
  if (start === -1) return undefined;
  for (let i = 0; i < n; i += 1) {
    if (Math.abs(narrow[(start + i) % n] ?? 0) <= threshold) continue;
    let deepest = 0;
    let from = i;
    while (i < n && Math.abs(narrow[(start + i) % n] ?? 0) > threshold) {
      const value = narrow[(start + i) % n] ?? 0;
      if (Math.abs(value) > Math.abs(deepest)) deepest = value;
      area += Math.abs(value) * tick;
      i += 1;
    }
    const middle = Math.floor((from + i) / 2);
    from = halfWidth(narrow, start + middle, deepest);
    const expected = runningMedian(cycle, (start + middle) % n, Math.round(n / 24));
    count += 1;
    if (deepest > 0 !== expected > 0) against += 1;
    if (Math.abs(deepest) > depth) {
      depth = Math.abs(deepest);
      width = from * tick;
    }
  }
  return count >= 2 ? { count, depth, width, area, against: against / count } : undefined;
}

function halfWidth(wave: Float64Array, middle: number, deepest: number): number {
  const n = wave.length;
  const deep = (i: number): boolean => Math.abs(wave[((i % n) + n) % n] ?? 0) > Math.abs(deepest) / 2;
  let width = 0;
  for (let i = middle; i > middle - n / 8 && (deep(i) || width === 0); i -= 1) width += 1;
  for (let i = middle + 1; i < middle + n / 8 && deep(i); i += 1) width += 1;
  return width;
}

/** Median of `reach` points on either side, around the cycle's end. */
function runningMedian(cycle: Float64Array, i: number, reach: number): number {
  const n = cycle.length;
  const around = new Float64Array(2 * reach + 1);
  for (let j = -reach; j <= reach; j += 1) around[j + reach] = cycle[(i + j + n) % n] ?? 0;
  around.sort();
  return around[reach] ?? 0;
}
