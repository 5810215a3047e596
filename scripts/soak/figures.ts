/** Statistics of samples. */

export interface Sample {
  /** time since the soak began */
  minutes: number;
  value: number;
}

/** Mean, and least-squares slope per minute, of the last half of the samples. */
export function lastHalf(samples: readonly Sample[]): { mean: number; slope: number } {
  const half = samples.slice(samples.length >> 1);
  const mean = (pick: (sample: Sample) => number): number =>
    half.reduce((sum, sample) => sum + pick(sample), 0) / half.length;
  const [t, v] = [mean((sample) => sample.minutes), mean((sample) => sample.value)];
  const over = half.reduce((sum, sample) => sum + (sample.minutes - t) * (sample.value - v), 0);
  return { mean: v, slope: over / half.reduce((sum, sample) => sum + (sample.minutes - t) ** 2, 0) };
}

/** The value below which a fraction of the samples lies; NaN without samples. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** Value of a metric in OpenMetrics text, by name and one of its labels; NaN if it is missing. */
export function metricValue(text: string, name: string, label = ''): number {
  for (const line of text.split('\n')) {
    if (!line.startsWith(name) || !line.includes(label)) continue;
    if (line[name.length] === '{' || line[name.length] === ' ')
      return Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return Number.NaN;
}
