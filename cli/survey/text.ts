/** A survey for people. */
import type { Spread, Survey } from '../../reports/survey/survey.js';
import { type Column, clean, table } from '../output.js';
import { isoTime } from '../time.js';

const ORDERS_SHOWN = 40;
/** Interharmonics below this share of the fundamental, in percent, are not worth a line. */
const SHOWN_PERCENT = 0.05;

export function surveyText(survey: Survey): string {
  const { gaps, resolution } = survey;
  const lines = [
    `box ${survey.box_id}: ${survey.measured_s.toFixed(1)} s of waveform from ${isoTime(survey.start_ms)}, nominal ${survey.nominal_voltage} V, ${survey.nominal_frequency} Hz`,
    gaps.length === 0
      ? 'no gap'
      : `${gaps.length} gaps, ${gaps.reduce((sum, gap) => sum + gap.seconds, 0).toFixed(2)} s in all; longest stretch without one ${survey.longest_s.toFixed(1)} s`,
    `resolution: one step is ${resolution.step_v.toPrecision(3)} V, ${resolution.percent.toPrecision(2)} % of nominal${resolution.reliable ? '' : ': NOT RELIABLE for flicker and harmonics (above 0.2 %)'}`,
    survey.pst.length > 0
      ? `Pst (${survey.pst_lamp} lamp): ${survey.pst.map((value) => value.toFixed(2)).join(', ')}`
      : `Pst: none. ${survey.pst_missing ?? ''}`,
  ];
  const rows = spreads(survey);
  const half = survey.half_cycle_rms;
  const more = [
    ...(half === undefined ? [] : [`Urms(1/2): ${half.min.toFixed(2)} V to ${half.max.toFixed(2)} V`]),
    ...(survey.largest_crest_factor === undefined
      ? []
      : [`largest crest factor: ${survey.largest_crest_factor.toFixed(3)}`]),
  ];
  if (rows.length === 0) more.push('no grid voltage near the nominal frequency: nothing else was measured');
  return [
    ...lines.map((line) => `${clean(line)}\n`),
    rows.length === 0 ? '' : `\n${table(SPREAD_COLUMNS, rows)}`,
    ...more.map((line) => `${line}\n`),
    ...orders(survey),
  ].join('');
}

interface OrderRow {
  name: string;
  mean: number;
  p95: number;
}

interface Row {
  name: string;
  decimals: number;
  spread: Spread;
}

const value = (of: (spread: Spread) => number) => (row: Row) => of(row.spread).toFixed(row.decimals);
const SPREAD_COLUMNS = [
  { title: '', value: ({ name }: Row) => name },
  { title: 'min', value: value(({ min }) => min), right: true },
  { title: '5 %', value: value(({ p5 }) => p5), right: true },
  { title: 'median', value: value(({ median }) => median), right: true },
  { title: '95 %', value: value(({ p95 }) => p95), right: true },
  { title: 'max', value: value(({ max }) => max), right: true },
];

function spreads({ frequency, rms, thd, windows }: Survey): Row[] {
  return [
    ...(rms ? [{ name: `V, ${windows} windows of 10/12 cycles`, decimals: 2, spread: rms }] : []),
    ...(frequency ? [{ name: 'Hz, 10 s', decimals: 4, spread: frequency }] : []),
    ...(thd ? [{ name: 'THDS %, 10/12 cycles', decimals: 2, spread: thd }] : []),
  ];
}

function orders({ harmonics, interharmonics }: Survey): string[] {
  if (harmonics.length === 0) return [];
  const shown = harmonics.filter(({ order }) => order <= ORDERS_SHOWN);
  const between = interharmonics.filter(({ p95 }) => p95 >= SHOWN_PERCENT);
  const columns = (title: string): Column<OrderRow>[] => [
    { title, value: ({ name }) => name, right: true },
    { title: 'mean %', value: ({ mean }) => mean.toFixed(3), right: true },
    { title: '95th %', value: ({ p95 }) => p95.toFixed(3), right: true },
  ];
  const parts = [
    `\nHarmonics, percent of the fundamental (all ${harmonics.length}: --json)\n`,
    table(
      columns('order'),
      shown.map(({ order, ...rest }) => ({ name: String(order), ...rest })),
    ),
  ];
  if (between.length > 0) {
    parts.push(
      `\nInterharmonics of ${SHOWN_PERCENT} % and more\n`,
      table(
        columns('after order'),
        between.map(({ after_order, ...rest }) => ({ name: String(after_order), ...rest })),
      ),
    );
  }
  return parts;
}
