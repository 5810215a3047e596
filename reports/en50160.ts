/**
 * EN 50160:2010 for low voltage, as far as boxes measure it: 4.2.1 (frequency, synchronous networks), 4.2.2.2 (supply voltage variations), 4.2.5 (harmonic voltage). The
 * limits of the frequency are for a year; a week is judged as one week of it.
 */
import { isAt50Hz, type Reference } from '../store/reference.js';
import type { StatementItem, Verdict } from './statement.js';
import { type JudgedWindow, percentWithin } from './windows.js';

/** The standard's limits, relative to nominal. */
export const EN50160 = {
  voltage: { low: 0.9, high: 1.1, percent: 95, lowest: 0.85, highest: 1.1 },
  frequency: { low: 0.99, high: 1.01, percent: 99.5, lowest: 0.94, highest: 1.04 },
  thd: { high: 0.08, percent: 95 },
} as const;

/** Values that are judged, each list in any order. */
export interface En50160Values {
  /** V, ten minutes */
  voltage: readonly number[];
  /** Hz, 10 s */
  frequency: readonly number[];
  /** fractions, ten minutes */
  thd: readonly number[];
}

/** The values of windows that count. A 10 s frequency is left out by its own flag, so that one sag does not take sixty of them along. */
export function en50160Values(windows: readonly JudgedWindow[]): En50160Values {
  const counted = windows.flatMap(({ fate, window }) => (fate === 'counts' ? window : []));
  return {
    voltage: counted.flatMap(({ voltage }) => voltage?.rms ?? []),
    frequency: windows.flatMap(({ window }) => window.frequency?.ten_second ?? []),
    thd: counted.flatMap(({ thd }) => thd?.rms ?? []),
  };
}

/** Statements in a fixed order; what the boxes do not measure is in it, with the reason. */
export function en50160(values: En50160Values, reference: Reference): StatementItem[] {
  const { voltage: u, frequency: f, thd } = EN50160;
  const [un, fn] = [reference.voltage, reference.frequency];
  return [
    share('voltage', values.voltage, {
      rule: `${u.percent} % of the ten-minute values within ±10 % of ${un} V`,
      limits: [u.low * un, u.high * un],
      percent: u.percent,
      basis: 'ten-minute values',
    }),
    share('voltage', values.voltage, {
      rule: `all ten-minute values within +10 % / -15 % of ${un} V`,
      limits: [u.lowest * un, u.highest * un],
      percent: 100,
      basis: 'ten-minute values',
    }),
    share('frequency', values.frequency, {
      rule: `${f.percent} % of the 10 s values within ±1 % of ${fn} Hz (one week of the year that the standard speaks of)`,
      limits: [f.low * fn, f.high * fn],
      percent: f.percent,
      basis: '10 s values',
    }),
    share('frequency', values.frequency, {
      rule: `all 10 s values within +4 % / -6 % of ${fn} Hz`,
      limits: [f.lowest * fn, f.highest * fn],
      percent: 100,
      basis: '10 s values',
    }),
    isAt50Hz(fn)
      ? notMeasured('THD', `${thd.percent} % of the ten-minute values at most 8 %`, THD_AT_50)
      : share('THD', values.thd, {
          rule: `${thd.percent} % of the ten-minute values at most 8 %`,
          limits: [0, thd.high],
          percent: thd.percent,
          basis: 'ten-minute values',
        }),
    notMeasured(
      'flicker',
      '95 % of Plt at most 1',
      'Plt needs two hours of waveform without a gap; boxes stream RMS values. The command makai survey measures Pst of ten minutes.',
    ),
    notMeasured(
      'unbalance',
      '95 % of the ten-minute values at most 2 %',
      'a box measures one phase; unbalance needs three.',
    ),
  ];
}

/** Boxes compute THD from bins at multiples of 60 Hz. */
export const THD_AT_50 = 'boxes compute THD for a grid of 60 Hz; at 50 Hz their THD has no meaning.';

function share(
  quantity: StatementItem['quantity'],
  values: readonly number[],
  { basis, limits: [low, high], percent, rule }: Rule,
): StatementItem {
  // A limit of a product such as 1.1 x 120 must not fail for the last bit of a double.
  const within = percentWithin(values, low * (1 - 1e-12), high * (1 + 1e-12));
  if (within === undefined) return notMeasured(quantity, rule, `no ${basis}`);
  const verdict: Verdict = within >= percent - 1e-9 ? 'kept' : 'not kept';
  return {
    quantity,
    rule,
    verdict,
    basis: `${values.length} ${basis}`,
    found: { value: within, unit: '% of the values', limit: percent },
    lowest: values.reduce((a, b) => Math.min(a, b)),
    highest: values.reduce((a, b) => Math.max(a, b)),
  };
}

interface Rule {
  rule: string;
  limits: [low: number, high: number];
  percent: number;
  basis: string;
}

export function notMeasured(
  quantity: StatementItem['quantity'],
  rule: string,
  reason: string,
): StatementItem {
  return { quantity, rule, verdict: 'not measured', basis: reason };
}
