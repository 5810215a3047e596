/** What a plugin saw and returned, as one HTML document: no script, nothing from the network, pictures inside. */

import type { EventRequest, PluginIncident, PluginValue } from '../../../plugins/sdk/plugin.js';
import { COLOURS, STYLE } from '../../../reports/html/style.js';
import { escaped, millisecond, plural } from '../../../reports/html/text.js';
import { type Chart, chart, INCIDENT_COLOUR, REQUEST_COLOUR, type Window } from './chart.js';
import type { Seen, SeenBox } from './seen.js';
import { Trace } from './trace.js';

export interface Plotted {
  plugin: string;
  seen: Seen;
  requests: readonly EventRequest[];
  incidents: readonly PluginIncident[];
  values: readonly PluginValue[];
  /** what the plugin did wrong, if it stopped */
  problem: string | undefined;
}

/** Boxes that are drawn: those of which the plugin returned something come first. */
const MAX_BOXES = 30;
/** Windows that are drawn and listed per box. */
const MAX_WINDOWS = 200;

/** Long names break, and on a narrow screen charts and tables fit into it: labels are then larger, because the picture is smaller. */
const OWN_STYLE = `
h1, .meta, td { overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  svg, .wide table:not(.matrix) { min-width: 0; }
  svg { overflow: visible; }
  figure .wide { padding-left: .6rem; }
  svg text { font-size: 16px; }
  td.t { white-space: normal; }
}
`;

export function plotPage(plotted: Plotted): string {
  const { incidents, plugin, problem, requests, seen, values } = plotted;
  const title = `${plugin}: ${seen.description}`;
  const isNamed = (id: number): boolean =>
    requests.some(({ boxIds }) => boxIds.includes(id)) ||
    incidents.some(({ boxId }) => boxId === id) ||
    values.some(({ boxId }) => boxId === id);
  const named = new Set(seen.boxes.filter(({ boxId }) => isNamed(boxId)));
  const shown = [...named, ...seen.boxes.filter((box) => !named.has(box))].slice(0, MAX_BOXES);
  const left = seen.boxes.length - shown.length;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}${OWN_STYLE}</style>
</head>
<body>
<h1>${escaped(plugin)}</h1>
<p class="meta">${escaped(seen.description)} · ${Number.isNaN(seen.fromMs) ? 'no measurement' : `${millisecond(seen.fromMs)} to ${millisecond(seen.toMs)} UTC`}</p>
<p class="lead">${plural(requests.length, 'request')}, ${plural(incidents.length, 'incident')}, ${plural(values.length, 'value')} of series.${problem === undefined ? '' : ` <span class="not-kept">The plugin stopped: ${escaped(problem)}</span>`}</p>
<p class="note">Lines are means, the pale strokes reach from the lowest to the highest cycle. Red areas are windows that the plugin requested, amber ones its incidents. Times are seconds from the beginning.</p>
${shown.map((box) => boxSection(box, plotted)).join('\n')}
${left > 0 ? `<p class="note">${plural(left, 'more box', 'more boxes')} not drawn.</p>` : ''}
</body>
</html>
`;
}

function boxSection(box: SeenBox, { incidents, requests, seen, values }: Plotted): string {
  const windows = [
    ...requests
      .filter(({ boxIds }) => boxIds.includes(box.boxId))
      .map(
        ({ description, endMs, startMs, triggerType }): Window => ({
          ...{ startMs, endMs, colour: REQUEST_COLOUR },
          text: `${triggerType}: ${description}`,
        }),
      ),
    ...incidents
      .filter(({ boxId }) => boxId === box.boxId)
      .map(
        (incident): Window => ({
          ...{ startMs: incident.startMs, endMs: incident.endMs, colour: INCIDENT_COLOUR },
          text: `${incident.class}: ${incident.description ?? ''}`,
        }),
      ),
  ];
  const common = { windows: windows.slice(0, MAX_WINDOWS), span: seen };
  const charts: Chart[] = [
    { ...common, title: 'voltage', unit: 'V', colour: COLOURS.voltage, bins: box.voltage.bins },
    { ...common, title: 'frequency', unit: 'Hz', colour: COLOURS.frequency, bins: box.frequency.bins },
    ...seriesOf(box.boxId, values, seen).map(([title, trace]) => ({
      ...common,
      ...{ title, unit: '', colour: COLOURS.axis, bins: trace.bins },
    })),
  ];
  const drawn = charts.filter(({ bins }) => bins.length > 0);
  return `<section><h2>Box ${box.boxId}</h2>
<p class="meta">${plural(box.measurements, 'measurement')}</p>
${drawn.map((one) => `<figure><figcaption>${escaped(one.unit === '' ? one.title : `${one.title}, ${one.unit}`)}</figcaption><div class="wide">${chart(one)}</div></figure>`).join('\n')}
${windowTable(windows)}</section>`;
}

function seriesOf(box: number, values: readonly PluginValue[], span: Seen): [name: string, trace: Trace][] {
  const traces = new Map<string, Trace>();
  for (const { boxId, series, timestampMs, value } of values) {
    if (boxId !== box) continue;
    const trace = traces.get(series) ?? new Trace();
    traces.set(series, trace);
    // What comes in the silence after the recording has no place in the picture.
    if (timestampMs >= span.fromMs && timestampMs <= span.toMs) trace.add(timestampMs, value, value, value);
  }
  return [...traces].map(([name, trace]) => [`series ${name}`, trace]);
}

function windowTable(windows: readonly Window[]): string {
  if (windows.length === 0) return '';
  const rows = windows
    .slice(0, MAX_WINDOWS)
    .map(
      ({ endMs, startMs, text }) =>
        `<tr><td class="t">${millisecond(startMs)}</td><td class="n">${((endMs - startMs) / 1000).toFixed(3)}</td><td>${escaped(text)}</td></tr>`,
    );
  const rest = windows.length - rows.length;
  return `<div class="wide"><table><thead><tr><th>From (UTC)</th><th class="n">Seconds</th><th>What</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div>${rest > 0 ? `<p class="note">${rest} more not shown.</p>` : ''}
`;
}
