/** Numbers as a power engineer reads them: tabular, a real minus sign, the unit behind a no-break space, digits that mean something. */

const NBSP = '\u00a0';
const MINUS = '−';
/** In place of a value that is not there. */
export const NO_VALUE = '–';

/** With exactly so many decimals; `NO_VALUE` for what is no finite number. */
export function fixed(value: number | undefined | null, decimals: number): string {
  if (value === undefined || value === null || !Number.isFinite(value)) return NO_VALUE;
  const text = Math.abs(value).toFixed(decimals);
  const isZero = Number(text) === 0;
  return value < 0 && !isZero ? MINUS + text : text;
}

/** Like `fixed`, with the sign of positive values too: for differences. */
export function signed(value: number | undefined | null, decimals: number): string {
  const text = fixed(value, decimals);
  return value !== undefined && value !== null && value > 0 && Number(text) > 0 ? `+${text}` : text;
}

export function withUnit(text: string, unit: string): string {
  return text === NO_VALUE || unit === '' ? text : text + NBSP + unit;
}

/** V RMS. */
export const volts = (value: number | undefined | null): string => withUnit(fixed(value, 1), 'V');
/** Hz. */
export const hertz = (value: number | undefined | null): string => withUnit(fixed(value, 3), 'Hz');
/** @param fraction 0.021 is shown as 2.1 % */
export const percent = (fraction: number | undefined | null, decimals = 1): string =>
  withUnit(fixed(fraction === undefined || fraction === null ? fraction : fraction * 100, decimals), '%');
/** Per unit of nominal. */
export const perUnit = (value: number | undefined | null): string => withUnit(fixed(value, 2), 'pu');

/** The values of a box and what they are measured in. */
export type Metric = 'voltage' | 'frequency' | 'thd' | 'transient';

export const METRICS: readonly Metric[] = ['voltage', 'frequency', 'thd', 'transient'];

/** Unit, decimals, and the factor from what is stored to what is shown. */
export const METRIC_FORMAT: Record<Metric, { unit: string; decimals: number; factor: number }> = {
  voltage: { unit: 'V', decimals: 1, factor: 1 },
  frequency: { unit: 'Hz', decimals: 3, factor: 1 },
  thd: { unit: '%', decimals: 1, factor: 100 },
  transient: { unit: 'V', decimals: 1, factor: 1 },
};

export function metricText(metric: Metric, value: number | undefined | null): string {
  const { decimals, factor, unit } = METRIC_FORMAT[metric];
  return withUnit(fixed(value === undefined || value === null ? value : value * factor, decimals), unit);
}

/** A length of time with two or three significant digits: 16.7 ms, 0.18 s, 2.4 min, 5.0 h, 3.0 d. */
export function duration(ms: number | undefined | null): string {
  if (ms === undefined || ms === null || !Number.isFinite(ms)) return NO_VALUE;
  const size = Math.abs(ms);
  if (size < 1) return withUnit(fixed(ms, 2), 'ms');
  if (size < 100) return withUnit(fixed(ms, 1), 'ms');
  const seconds = size / 1000;
  if (seconds < 10) return withUnit(fixed(ms / 1000, 2), 's');
  if (seconds < 120) return withUnit(fixed(ms / 1000, 1), 's');
  if (seconds < 7200) return withUnit(fixed(ms / 60_000, 1), 'min');
  if (seconds < 172_800) return withUnit(fixed(ms / 3_600_000, 1), 'h');
  return withUnit(fixed(ms / 86_400_000, 1), 'd');
}

/** How old something is, in whole units: 4 s, 3 min, 2 h, 5 d. A time in the future counts as now. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}${NBSP}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes}${NBSP}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}${NBSP}h`;
  return `${Math.floor(hours / 24)}${NBSP}d`;
}

/** 1234567 → 1 234 567, with narrow no-break spaces. */
export function grouped(value: number): string {
  return fixed(value, 0).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** Ticks of an axis with their unit, all with the decimals that their distance needs. */
export function tickTexts(ticks: readonly number[], unit: string): string[] {
  const step = ticks.length > 1 ? Math.abs((ticks[1] ?? 0) - (ticks[0] ?? 0)) : 1;
  let decimals = 0;
  // 0.25 needs two, 2.5 one
  while (
    decimals < 6 &&
    Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6 * step * 10 ** decimals
  )
    decimals += 1;
  return ticks.map((tick) => withUnit(fixed(tick, decimals), unit));
}
