/** The part of a report about incidents: curves with all points, the event tables of EN 50160, the list. */
import { cellCounts, type ReportIncident } from '../incidents.js';
import type { Report } from '../report.js';
import { iticChart, type Mark, type MarkedPoint, markIcon, semiChart } from './curve-charts.js';
import { type Column, details, table } from './tables.js';
import { className, duration, escaped, fixed, millisecond, plural } from './text.js';

/** Rows of the list; a month of a bad feeder has thousands. */
const LISTED = 1000;

export function incidentSection(report: Report): string {
  const { incidents } = report;
  if (incidents.length === 0) {
    return '<section><h2>Incidents</h2><p>No incident is stored for this time and these boxes.</p></section>';
  }
  return [
    '<section><h2>Incidents</h2>',
    iticPart(incidents),
    semiPart(report),
    cellPart(incidents),
    listPart(incidents),
    '</section>',
  ].join('\n');
}

const ITIC_MARK: Record<string, Mark> = {
  'no interruption': 'inside',
  'no damage': 'below',
  prohibited: 'above',
};

function iticPart(incidents: readonly ReportIncident[]): string {
  const judged = incidents.flatMap(({ itic, ...incident }) =>
    itic === undefined ? [] : [{ ...incident, itic }],
  );
  const points = judged.map(
    ({ itic, ...incident }): MarkedPoint => ({
      percent: itic.percent,
      seconds: itic.seconds,
      mark: ITIC_MARK[itic.region] ?? 'inside',
      text: pointText(incident, itic),
    }),
  );
  const count = (region: string): number => judged.filter(({ itic }) => itic.region === region).length;
  const legend = [
    ['inside', `no interruption in function: ${count('no interruption')}`],
    ['below', `no damage region: ${count('no damage')}`],
    ['above', `prohibited region: ${count('prohibited')}`],
  ] as const;
  return [
    '<h3>ITIC curve</h3>',
    `<figure><figcaption>${plural(points.length, 'voltage incident')} by magnitude and duration</figcaption>`,
    `<div class="wide">${iticChart(points)}</div></figure>`,
    legendOf(legend),
    '<p class="note">The curve is defined for 120 V at 60 Hz; for other boxes it is applied in percent of nominal. Incidents that are not rectangular are plotted at the point that decided.</p>',
    details(
      'Numbers of this chart',
      table(
        [
          ...pointColumns<(typeof judged)[number]>(({ itic }) => itic),
          { title: 'Region', cell: ({ itic }) => itic.region },
        ],
        judged,
      ),
    ),
  ].join('\n');
}

function semiPart({ boxes, incidents }: Report): string {
  const judged = incidents.flatMap(({ semi_f47, ...incident }) =>
    semi_f47 === undefined ? [] : [{ ...incident, semi_f47 }],
  );
  if (judged.length === 0) return '<h3>SEMI F47</h3><p>There was no sag or interruption to judge.</p>';
  const points = judged.map(
    ({ semi_f47: semi, ...incident }): MarkedPoint => ({
      percent: semi.percent,
      seconds: semi.seconds,
      mark: semi.required === 'violated' ? 'above' : semi.recommended === 'violated' ? 'below' : 'inside',
      text: pointText(incident, semi),
    }),
  );
  const count = (mark: Mark): number => points.filter((point) => point.mark === mark).length;
  const legend = [
    ['inside', `both curves kept: ${count('inside')}`],
    ['below', `only the recommended curve violated: ${count('below')}`],
    ['above', `required curve violated: ${count('above')}`],
  ] as const;
  const nominalFrequency = boxes[0]?.nominal_frequency ?? 60;
  return [
    '<h3>SEMI F47-0706</h3>',
    `<figure><figcaption>${plural(points.length, 'sag or interruption', 'sags and interruptions')}; solid: required curve, dashed: recommended</figcaption>`,
    `<div class="wide">${semiChart(points, nominalFrequency)}</div></figure>`,
    legendOf(legend),
    details(
      'Numbers of this chart',
      table(
        [
          ...pointColumns<(typeof judged)[number]>(({ semi_f47 }) => semi_f47),
          { title: 'Required curve', cell: ({ semi_f47 }) => semi_f47.required },
          { title: 'Recommended curve', cell: ({ semi_f47 }) => semi_f47.recommended },
        ],
        judged,
      ),
    ),
  ].join('\n');
}

function legendOf(entries: readonly (readonly [Mark, string])[]): string {
  return `<div class="legend">${entries.map(([mark, text]) => `<span>${markIcon(mark)}${escaped(text)}</span>`).join('')}</div>`;
}

type Listed = Pick<ReportIncident, 'incident_id' | 'box_id' | 'start_ms'>;

function pointText(
  { box_id, incident_id }: Listed,
  { percent, seconds }: { percent: number; seconds: number },
): string {
  return escaped(`incident ${incident_id}, box ${box_id}: ${fixed(percent, 1)} %, ${duration(seconds)}`);
}

function pointColumns<Row extends Listed>(
  point: (row: Row) => { percent: number; seconds: number },
): Column<Row>[] {
  return [
    { title: 'Incident', cell: ({ incident_id }) => String(incident_id), kind: 'n' },
    { title: 'Start (UTC)', cell: ({ start_ms }) => millisecond(start_ms), kind: 't' },
    { title: 'Box', cell: ({ box_id }) => escaped(box_id) },
    { title: '% of nominal', cell: (row) => fixed(point(row).percent, 1), kind: 'n' },
    { title: 'Duration', cell: (row) => duration(point(row).seconds), kind: 'n' },
  ];
}

const DIP_ROWS = [
  ['A', '90 > u ≥ 80 %'],
  ['B', '80 > u ≥ 70 %'],
  ['C', '70 > u ≥ 40 %'],
  ['D', '40 > u ≥ 5 %'],
  ['X', '5 % > u'],
] as const;
const DIP_COLUMNS = ['10 to 200 ms', '0.2 to 0.5 s', '0.5 to 1 s', '1 to 5 s', '5 to 60 s'];
const SWELL_ROWS = [
  ['S', 'u ≥ 120 %'],
  ['T', '120 > u > 110 %'],
] as const;
const SWELL_COLUMNS = ['10 to 500 ms', '0.5 to 5 s', '5 to 60 s'];

function cellPart(incidents: readonly ReportIncident[]): string {
  const counts = cellCounts(incidents);
  return [
    '<h3>Event tables of EN 50160</h3>',
    matrix(
      counts,
      DIP_ROWS,
      DIP_COLUMNS,
      'Sags and interruptions (the standard says dips), residual voltage u by duration',
    ),
    matrix(counts, SWELL_ROWS, SWELL_COLUMNS, 'Swells, voltage u by duration'),
    '<p class="note">Counted once at each box. Incidents longer than one minute are in the list below.</p>',
  ].join('\n');
}

function matrix(
  counts: Readonly<Record<string, number>>,
  rows: readonly (readonly [string, string])[],
  columns: readonly string[],
  caption: string,
): string {
  const head = columns.map((title) => `<th>${title}</th>`).join('');
  const body = rows.map(([letter, title]) => {
    const cells = columns.map((_, i) => {
      const count = counts[`${letter}${i + 1}`] ?? 0;
      return `<td${count === 0 ? ' class="zero"' : ''}>${letter}${i + 1}: ${count}</td>`;
    });
    return `<tr><th>${escaped(title)}</th>${cells.join('')}</tr>`;
  });
  return `<div class="wide"><table class="matrix"><caption>${escaped(caption)}</caption><thead><tr><th></th>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

function listPart(incidents: readonly ReportIncident[]): string {
  const shown = incidents.slice(0, LISTED);
  const note =
    shown.length < incidents.length
      ? `<p class="note">The first ${LISTED} of ${incidents.length}; \`makai report --json\` has all of them.</p>`
      : '';
  return [
    '<h3>List</h3>',
    table<ReportIncident>(
      [
        { title: 'Start (UTC)', cell: ({ start_ms }) => millisecond(start_ms), kind: 't' },
        { title: 'Box', cell: ({ box_id }) => escaped(box_id) },
        { title: 'Location', cell: ({ location }) => escaped(location) },
        { title: 'What', cell: what },
        { title: 'Worst', cell: worst, kind: 'n' },
        {
          title: 'Duration',
          cell: (incident) => (incident.end_ms === undefined ? 'goes on' : duration(incident.duration_s)),
          kind: 'n',
        },
        { title: 'EN 50160', cell: ({ en50160_cell }) => en50160_cell ?? '' },
        { title: 'Incident', cell: ({ incident_id }) => String(incident_id), kind: 'n' },
      ],
      shown,
    ),
    note,
  ].join('\n');
}

function what({ classifications, ieee_duration }: ReportIncident): string {
  const names = classifications.map(className).join(', ');
  const time = ieee_duration === 'UNDEFINED' ? '' : ` (${ieee_duration.toLowerCase()})`;
  return escaped(`${names}${time}`);
}

const UNITS: Record<string, string> = { FREQUENCY: 'Hz', THD: '%', TRANSIENT: 'V', VOLTAGE: 'V' };

function worst({ deviation, magnitude_pu, measurement_type }: ReportIncident): string {
  if (magnitude_pu !== undefined) return `${fixed(magnitude_pu, 3)} pu`;
  const unit = UNITS[measurement_type];
  if (unit === undefined) return '';
  const sign = measurement_type === 'FREQUENCY' && deviation > 0 ? '+' : '';
  return `${sign}${fixed(deviation, measurement_type === 'FREQUENCY' ? 3 : 1)} ${unit}`;
}
