/** Columns of the API as lists for a chart: factor applied, gaps as nulls. */
import type { BandColumns } from '../../web-service/api/index.js';

export interface Points {
  times: number[];
  min: (number | null)[];
  max: (number | null)[];
  average: (number | null)[];
}

export interface Head {
  timestamp_ms: readonly number[];
  step_ms: number;
  gap_ms: number;
}

/** A point that stands for a span is drawn in its middle. Where two points are further apart than `gap_ms`, a null stands between them. */
export function pointsOf(
  { gap_ms: gapMs, step_ms: stepMs, timestamp_ms }: Head,
  columns: BandColumns,
  factor = 1,
): Points {
  const points: Points = { times: [], min: [], max: [], average: [] };
  let last: number | undefined;
  timestamp_ms.forEach((startMs, i) => {
    const ms = startMs + stepMs / 2;
    if (last !== undefined && startMs - last > gapMs) {
      points.times.push((last + startMs) / 2 + stepMs / 2);
      for (const list of [points.min, points.max, points.average]) list.push(null);
    }
    last = startMs;
    points.times.push(ms);
    points.min.push(scaled(columns.min[i], factor));
    points.max.push(scaled(columns.max[i], factor));
    points.average.push(scaled(columns.average[i], factor));
  });
  return points;
}

function scaled(value: number | null | undefined, factor: number): number | null {
  return value === null || value === undefined || !Number.isFinite(value) ? null : value * factor;
}

/** Lowest and highest of lists; undefined where all are empty. */
export function extent(
  lists: readonly (readonly (number | null)[])[],
): { low: number; high: number } | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const list of lists) {
    for (const value of list) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? { low, high } : undefined;
}

/** y range with some space around, that holds every limit line and is never narrower than `minSpan`. */
export function yRange(
  values: { low: number; high: number } | undefined,
  limits: readonly number[],
  minSpan: number,
): [number, number] {
  const low = Math.min(values?.low ?? Number.POSITIVE_INFINITY, ...limits);
  const high = Math.max(values?.high ?? Number.NEGATIVE_INFINITY, ...limits);
  if (!(low <= high)) return [0, 1];
  const missing = Math.max(0, minSpan - (high - low)) / 2;
  const space = Math.max(high - low, minSpan) * 0.06;
  return [low - missing - space, high + missing + space];
}
