/**
 * Whether the times that come in under one box id are those of two devices. Judged on the boxes' own times: how fast messages arrive says
 * nothing, because a box delivers what it queued all in one burst. Two signs, each enough:
 *
 * - times go up and down again and again, and split into two rising, regular series (two clocks that differ by more than a measurement);
 * - sorted by time, the distances repeat every two (or three) measurements and not from one to the next (two clocks that agree).
 *
 * A clock that is set once makes one way down; a queue that is delivered, a reconnection or a new address make none.
 */

/** Fewer times decide nothing. */
export const MIN_TIMES = 24;
/** A second series has so many of the times: a Box 3 beside a Box 2 has one in seven. */
const MIN_IN_SERIES = 8;
const MIN_SWITCHES = 4;
const MAX_SERIES = 4;
/** Part of the times that fit no series. */
const MAX_REST = 0.1;
/** Part of a series' distances that are within a quarter of their median. */
const REGULAR = 0.6;
/** Autocorrelation of the distances: 1 for a pattern that repeats, 0 for jitter of one clock. */
const REPEATS = 0.5;
/** Standard deviation of the distances, of their mean: below, they are equal. */
const MIN_VARIATION = 0.08;
/** Times next to each other in order arrived at most this far apart: else one series came before the other. */
const MAX_ARRIVAL_DISTANCE = 16;
const MAX_FAR_APART = 0.2;
/** A clock that ticks this slowly makes patterns by itself, ms. */
const COARSE_MS = 10;
/** Two devices send twice as much: the distance between two times is less than this part of the usual one. */
const DENSE = 0.75;
/** Distances that are whole multiples of the shortest, within this part of it, are those of one device of which some are lost. */
const WHOLE = 0.1;

/** `unclear`: too few times, or a pattern that two devices make as well as one of which some measurements are lost. */
export type SeriesCount = 'one' | 'two' | 'unclear';

/**
 * @param times box times in ms in the order of arrival, repeated ones included
 * @param usualMs the usual distance between two of the box's times; undefined: not known
 */
export function countSeries(times: Float64Array, usualMs: number | undefined): SeriesCount {
  if (times.length < MIN_TIMES) return 'unclear';
  const ways = waysDown(times);
  return ways >= MIN_SWITCHES / 2 && goesUpAndDown(times) ? 'two' : byPattern(times, ways > 0, usualMs);
}

function waysDown(times: Float64Array): number {
  let count = 0;
  for (let i = 1; i < times.length; i += 1) if ((times[i] ?? 0) < (times[i - 1] ?? 0)) count += 1;
  return count;
}

function goesUpAndDown(times: Float64Array): boolean {
  const series: number[][] = [];
  let rest = 0;
  let switches = 0;
  let before: number[] | undefined;
  for (const time of times) {
    // Of the series that it can continue, the one that it is closest to.
    let best: number[] | undefined;
    for (const one of series) {
      const last = one.at(-1) ?? 0;
      if (last <= time && last >= (best?.at(-1) ?? Number.NEGATIVE_INFINITY)) best = one;
    }
    if (best === undefined && series.length < MAX_SERIES) {
      best = [];
      series.push(best);
    }
    if (best === undefined) {
      rest += 1;
      continue;
    }
    best.push(time);
    if (before !== undefined && before !== best) switches += 1;
    before = best;
  }
  const [, second = []] = series.sort((a, b) => b.length - a.length);
  if (second.length < MIN_IN_SERIES || switches < MIN_SWITCHES || rest > MAX_REST * times.length)
    return false;
  return series.slice(0, 2).every(isRegular);
}

function isRegular(series: readonly number[]): boolean {
  const distances = series.slice(1).map((time, i) => time - (series[i] ?? 0));
  const median = [...distances].sort((a, b) => a - b)[distances.length >> 1] ?? 0;
  const near = distances.filter((distance) => Math.abs(distance - median) <= median / 4);
  return median > 0 && near.length >= REGULAR * distances.length;
}

function byPattern(times: Float64Array, isMixed: boolean, usualMs: number | undefined): SeriesCount {
  const order = isMixed ? sortedOrder(times) : undefined;
  const sorted = order === undefined ? times : Float64Array.from(order, (index) => times[index] ?? 0);
  const distances = sorted.subarray(1).map((time, i) => time - (sorted[i] ?? 0));
  if (!repeats(distances)) return 'one';
  if (order !== undefined && oneCameBefore(order)) return 'one';
  const isCoarse = sorted.reduce(commonDivisor) >= COARSE_MS;
  if (usualMs !== undefined) {
    if (sum(distances) < DENSE * usualMs * distances.length) return 'two';
    return isCoarse ? 'one' : 'unclear';
  }
  if (isCoarse) return 'one';
  return areMultiples(distances) ? 'unclear' : 'two';
}

/** Whether times that are next to each other arrived far apart: all of one series before all of the other. */
function oneCameBefore(order: Uint16Array): boolean {
  let farApart = 0;
  for (let i = 1; i < order.length; i += 1)
    if (Math.abs((order[i] ?? 0) - (order[i - 1] ?? 0)) > MAX_ARRIVAL_DISTANCE) farApart += 1;
  return farApart > MAX_FAR_APART * (order.length - 1);
}

function areMultiples(distances: Float64Array): boolean {
  const sorted = distances.toSorted();
  const shortest = sorted[sorted.length >> 3] ?? 0;
  const whole = distances.filter(
    (distance) => Math.abs(distance / shortest - Math.round(distance / shortest)) <= WHOLE,
  );
  return (
    shortest > 0 &&
    whole.length > (1 - MAX_REST) * distances.length &&
    Math.max(...distances) < 4.5 * shortest
  );
}

/** Indexes of the times from the earliest to the latest; by insertion, because they nearly are in order. */
function sortedOrder(times: Float64Array): Uint16Array {
  const order = new Uint16Array(times.length);
  for (let i = 1; i < times.length; i += 1) {
    let at = i;
    for (; at > 0 && (times[order[at - 1] ?? 0] ?? 0) > (times[i] ?? 0); at -= 1)
      order[at] = order[at - 1] ?? 0;
    order[at] = i;
  }
  return order;
}

function commonDivisor(a: number, b: number): number {
  if (a === 1) return 1;
  let [x, y] = [a, Math.abs(Math.round(b))];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/** Distances a, b, a, b, ... (or a, b, c, ...). Gaps by lost measurements are shortened, so that they do not outweigh the pattern. */
function repeats(distances: Float64Array): boolean {
  // Most boxes: all distances are equal.
  if (!varies(distances)) return false;
  const longest = 4 * (distances.toSorted()[distances.length >> 1] ?? 0);
  const clipped = distances.map((distance) => Math.min(distance, longest));
  if (!varies(clipped)) return false;
  const mean = sum(clipped) / clipped.length;
  const centred = clipped.map((distance) => distance - mean);
  const variance = correlation(centred, 0, 1);
  const next = correlation(centred, 1, variance);
  return [2, 3].some((lag) => {
    const repeated = correlation(centred, lag, variance);
    return repeated > REPEATS && next < repeated - REPEATS;
  });
}

function varies(distances: Float64Array): boolean {
  const mean = sum(distances) / distances.length;
  let squares = 0;
  for (const distance of distances) squares += (distance - mean) * (distance - mean);
  return mean > 0 && Math.sqrt(squares / distances.length) >= MIN_VARIATION * mean;
}

function correlation(centred: Float64Array, lag: number, variance: number): number {
  let total = 0;
  for (let i = lag; i < centred.length; i += 1) total += (centred[i] ?? 0) * (centred[i - lag] ?? 0);
  return total / (centred.length - lag) / variance;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
