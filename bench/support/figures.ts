/** Medians and spreads; a figure is only quoted as a ratio of medians from one run. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export interface Figure {
  median: number;
  min: number;
  max: number;
}

export function figure(values: readonly number[]): Figure {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** "1.23 (1.10 to 1.40)" with the digits given. */
export function show({ median: m, min, max }: Figure, digits = 2): string {
  return `${m.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}
