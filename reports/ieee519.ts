/** IEEE 519-2022, table 1, bus voltage of 1 kV and below: THD at most 8 % in 95 % of the week's ten-minute values, and 1.5 times that in 99 % of each day's 3 s values. */
import { isAt50Hz, type Reference } from '../store/reference.js';
import type { StepCounts } from '../store/store.js';
import { notMeasured, THD_AT_50 } from './en50160.js';
import type { StatementItem } from './statement.js';
import { days, type JudgedWindow, percentile, type Span, within } from './windows.js';

export const IEEE519 = { thd: 0.08, shortTime: 0.12 } as const;

/** @param windows of the span */
export function ieee519(windows: readonly JudgedWindow[], span: Span, reference: Reference): StatementItem[] {
  const weekly = "95th percentile of the week's ten-minute values at most 8 %";
  const daily = "99th percentile of each day's 3 s values at most 12 %";
  if (isAt50Hz(reference.frequency))
    return [notMeasured('THD', weekly, THD_AT_50), notMeasured('THD', daily, THD_AT_50)];
  const counted = windows.filter(({ fate }) => fate === 'counts');
  const ten = counted.flatMap(({ window }) => window.thd?.rms ?? []);
  const worstDay = days(span)
    .map((day) => dayOf(within(counted, day).flatMap(({ window }) => window.thd?.three_second ?? [])))
    .filter((found) => found !== undefined)
    .toSorted((a, b) => b.percentile - a.percentile)[0];
  return [
    judged(weekly, percentile(ten, 0.95), IEEE519.thd, `${ten.length} ten-minute values`),
    judged(
      daily,
      worstDay?.percentile,
      IEEE519.shortTime,
      `${worstDay?.values} 3 s values of the worst day, in steps of 0.1 %`,
    ),
  ];
}

function judged(rule: string, found: number | undefined, limit: number, basis: string): StatementItem {
  if (found === undefined) return notMeasured('THD', rule, 'no values');
  return {
    quantity: 'THD',
    rule,
    verdict: found <= limit + 1e-12 ? 'kept' : 'not kept',
    basis,
    found: { value: 100 * found, unit: '%', limit: 100 * limit },
  };
}

/** The 99th percentile of values that are known by step: the upper end of its step, so never too low. */
function dayOf(spreads: readonly StepCounts[]): { percentile: number; values: number } | undefined {
  const byStep = new Map<number, number>();
  let total = 0;
  let size = 0;
  for (const { counts, from, step } of spreads) {
    size = step;
    counts.forEach((count, i) => {
      byStep.set(from + i, (byStep.get(from + i) ?? 0) + count);
      total += count;
    });
  }
  if (total === 0) return undefined;
  let below = 0;
  for (const [step, count] of [...byStep].sort(([a], [b]) => a - b)) {
    below += count;
    if (below >= 0.99 * total - 1e-9) return { percentile: (step + 1) * size, values: total };
  }
  return undefined;
}
