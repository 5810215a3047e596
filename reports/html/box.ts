/** The part of a report about one box: statements of each week, charts, and their numbers. */
import { EN50160 } from '../en50160.js';
import type { BoxReport } from '../report.js';
import { days, type Span } from '../windows.js';
import { COLOURS } from './style.js';
import { details, statementTable, table } from './tables.js';
import { day, duration, escaped, fixed, minute, plural } from './text.js';
import { type TimePoint, timeChart } from './time-chart.js';

/** Ten-minute rows that a box's table holds: a month. Beyond that the table is one of days. */
const MOST_ROWS = 4500;

type Window = BoxReport['windows'][number];

export function boxSection(box: BoxReport, span: Span): string {
  const name = box.name === undefined ? '' : `, ${box.name}`;
  const { availability } = box;
  const outages =
    availability.outages === 0
      ? 'no outage recorded'
      : `${plural(availability.outages, 'outage')}, ${duration(availability.outage_ms / 1000)}`;
  const parts = [
    `<section class="box"><h2 id="box-${escaped(box.box_id)}">Box ${escaped(box.box_id)}${escaped(name)}</h2>`,
    `<p class="meta">Location ${escaped(box.location)} · nominal ${fixed(box.nominal_voltage, 0)} V, ${fixed(box.nominal_frequency, 0)} Hz · measured ${fixed(100 * availability.measured, 1)} % of the time · ${outages}</p>`,
  ];
  if (box.windows.length === 0) {
    parts.push(
      '<p>No ten-minute value of this box is stored for this time: nothing can be said about it.</p></section>',
    );
    return parts.join('\n');
  }
  return [...parts, ...weeks(box), charts(box, span), numbers(box, span), '</section>'].join('\n');
}

function weeks(box: BoxReport): string[] {
  return box.en50160.map((week, i) => {
    const { counted, flagged, incomplete, missing } = week.windows;
    const title = `${minute(week.start_ms)} to ${minute(week.end_ms)} UTC`;
    const part = week.is_whole
      ? ''
      : '<p class="note">Less than seven days: the limits of the standards are for a whole week.</p>';
    const items519 = box.ieee519[i]?.items ?? [];
    return [
      `<h3>Week ${title}</h3>`,
      `<p class="note">${counted} ten-minute values judged; left out: ${flagged} flagged (sag, swell or interruption), ${incomplete} with less than half of the time measured; ${missing} without any measurement. Coverage ${fixed(100 * week.coverage, 1)} %.</p>`,
      part,
      statementTable(week.items, 'EN 50160:2010'),
      statementTable(items519, 'IEEE 519-2022, 1 kV and below'),
    ].join('\n');
  });
}

function charts(box: BoxReport, span: Span): string {
  const un = box.nominal_voltage;
  const fn = box.nominal_frequency;
  const { frequency: f, thd, voltage: u } = EN50160;
  const points = (of: (window: Window) => Omit<TimePoint, 'endMs' | 'counts'> | undefined): TimePoint[] =>
    box.windows.flatMap((window) => {
      const values = of(window);
      return values === undefined
        ? []
        : [{ endMs: window.timestamp_ms, counts: window.fate === 'counts', ...values }];
    });
  const figure = (title: string, chart: string): string =>
    `<figure><figcaption>${escaped(title)}</figcaption><div class="wide">${chart}</div></figure>`;
  return [
    '<h3>Ten-minute values</h3>',
    figure(
      'Voltage: RMS of ten minutes',
      timeChart({
        title: `Voltage of box ${box.box_id}`,
        unit: 'V',
        colour: COLOURS.voltage,
        points: points(
          ({ voltage }) => voltage && { value: voltage.rms, low: voltage.rms, high: voltage.rms },
        ),
        limits: [
          { value: u.high * un, text: '+10 %' },
          { value: u.low * un, text: '−10 %' },
          { value: u.lowest * un, text: '−15 %' },
        ],
        span,
      }),
    ),
    figure(
      'Frequency: mean of the 10 s values, with their lowest and highest',
      timeChart({
        title: `Frequency of box ${box.box_id}`,
        unit: 'Hz',
        colour: COLOURS.frequency,
        points: points(
          ({ frequency }) =>
            frequency && { value: frequency.average, low: frequency.min, high: frequency.max },
        ).map((point) => ({ ...point, counts: true })),
        limits: [
          { value: f.high * fn, text: '+1 %' },
          { value: f.low * fn, text: '−1 %' },
        ],
        span,
      }),
    ),
    figure(
      'THD: RMS of ten minutes, with the lowest and highest of 3 s',
      timeChart({
        title: `THD of box ${box.box_id}`,
        unit: '%',
        colour: COLOURS.thd,
        points: points(
          ({ thd: values }) =>
            values && { value: 100 * values.rms, low: 100 * values.min, high: 100 * values.max },
        ),
        limits: [{ value: 100 * thd.high, text: '8 %' }],
        span,
      }),
    ),
    '<p class="note">A gap in a line: nothing was measured. A cross: the value is left out of the statements.</p>',
  ].join('\n');
}

function numbers(box: BoxReport, span: Span): string {
  const perDay = days(span).map((one) => ({
    startMs: one.startMs,
    windows: box.windows.filter(({ timestamp_ms: end }) => end > one.startMs && end <= one.endMs),
  }));
  const extreme =
    (of: (window: Window) => number | undefined, pick: (values: number[]) => number) =>
    (row: { windows: Window[] }): number | undefined => {
      const values = row.windows
        .filter(({ fate }) => fate === 'counts')
        .flatMap((window) => of(window) ?? []);
      return values.length === 0 ? undefined : pick(values);
    };
  const lowest = (values: number[]): number => values.reduce((a, b) => Math.min(a, b));
  const highest = (values: number[]): number => values.reduce((a, b) => Math.max(a, b));
  const rms = ({ voltage }: Window): number | undefined => voltage?.rms;
  const n = (title: string, cell: (row: (typeof perDay)[number]) => string) => ({
    title,
    cell,
    kind: 'n' as const,
  });
  const daily = table(
    [
      { title: 'Day (UTC)', cell: ({ startMs }) => day(startMs), kind: 't' },
      n('Values', ({ windows }) => String(windows.filter(({ fate }) => fate === 'counts').length)),
      n('V lowest', (row) => fixed(extreme(rms, lowest)(row), 1)),
      n('V highest', (row) => fixed(extreme(rms, highest)(row), 1)),
      n('Hz lowest (10 s)', (row) => fixed(extreme(({ frequency }) => frequency?.min, lowest)(row), 3)),
      n('Hz highest (10 s)', (row) => fixed(extreme(({ frequency }) => frequency?.max, highest)(row), 3)),
      n('THD highest, %', (row) => {
        const value = extreme(({ thd }) => thd?.rms, highest)(row);
        return fixed(value === undefined ? undefined : 100 * value, 2);
      }),
      n('Left out', ({ windows }) => String(windows.filter(({ fate }) => fate !== 'counts').length)),
    ],
    perDay,
    'By day: lowest and highest of the values that are judged',
  );
  if (box.windows.length > MOST_ROWS) {
    return `${daily}<p class="note">All ${box.windows.length} ten-minute values: \`makai report --json\`.</p>`;
  }
  return daily + details('All numbers of these charts', windowTable(box.windows));
}

function windowTable(windows: readonly Window[]): string {
  const percent = (value: number | undefined, decimals: number): string =>
    fixed(value === undefined ? undefined : 100 * value, decimals);
  const n = (title: string, cell: (window: Window) => string) => ({ title, cell, kind: 'n' as const });
  return table<Window>(
    [
      { title: 'Ten minutes to (UTC)', cell: ({ timestamp_ms }) => minute(timestamp_ms), kind: 't' },
      n('V', ({ voltage }) => fixed(voltage?.rms, 2)),
      n('min', ({ voltage }) => fixed(voltage?.min, 1)),
      n('max', ({ voltage }) => fixed(voltage?.max, 1)),
      n('Hz', ({ frequency }) => fixed(frequency?.average, 3)),
      n('min', ({ frequency }) => fixed(frequency?.min, 3)),
      n('max', ({ frequency }) => fixed(frequency?.max, 3)),
      n('THD %', ({ thd }) => percent(thd?.rms, 2)),
      n('max (3 s)', ({ thd }) => percent(thd?.max, 2)),
      n('Coverage %', ({ coverage }) => percent(coverage, 0)),
      { title: '', cell: ({ fate }) => (fate === 'counts' ? '' : fate) },
    ],
    windows,
  );
}
