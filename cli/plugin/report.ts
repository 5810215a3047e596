/** A check's report and requests, for people. */
import type { EventRequest, PluginIncident, PluginValue } from '../../plugins/sdk/plugin.js';
import { clean, plural, table } from '../output.js';
import { isoTime } from '../time.js';
import type { CheckReport } from './check.js';
import type { ReplayTotals } from './messages.js';

/** Requests and log lines in a report. */
const LINES = 20;
const LANGUAGES = { javascript: 'JavaScript', webassembly: 'WebAssembly' };

export function reportText(report: CheckReport): string {
  const { name, version, language, bytes, memory, totals, problems, warnings } = report;
  const title = name === undefined ? '' : `${name}${version ? ` ${version}` : ''}, `;
  const lines = [`${report.file}: ${title}${LANGUAGES[language]}, ${(bytes / 1024).toFixed(1)} KiB`];
  if (report.reads.length > 0) lines.push(`reads: ${report.reads.join(', ')}`);
  if (memory) {
    const own =
      memory.ownMb === undefined ? 'names no maximum of its own' : `at most ${memory.ownMb} MiB by itself`;
    lines.push(`memory: ${own}; the host allows ${memory.allowedMb} MiB`);
  }
  if (totals)
    lines.push(
      ...totalsLines(totals),
      ...cut(requestTable(report.requests), 'requests'),
      ...cut(incidentTable(report.incidents), 'incidents'),
    );
  for (const warning of warnings) lines.push(`warning: ${warning}`);
  for (const problem of problems) lines.push(`error: ${problem}`);
  for (const frame of report.stack?.split('\n') ?? []) lines.push(`  ${frame}`);
  lines.push(problems.length === 0 ? 'no errors' : plural(problems.length, 'error'));
  return `${lines.map(clean).join('\n')}\n`;
}

export function totalsLines(totals: ReplayTotals): string[] {
  const { recording, measurements, boxes, seconds, ticks, requests, memoryMb, perSecond } = totals;
  const lines = [
    `recording: ${recording}: ${plural(boxes, 'box', 'boxes')}, ${seconds.toFixed(1)} s with the silence after it, ` +
      `${plural(measurements, 'measurement')}, ${plural(ticks, 'tick')}`,
    plural(requests, 'request'),
    ...(totals.incidents + totals.values === 0
      ? []
      : [
          `found ${plural(totals.incidents, 'incident')}, computed ${plural(totals.values, 'value')} of series`,
        ]),
    `time: ${totals.batchP50Us.toFixed(1)} us a batch (p99 ${totals.batchP99Us.toFixed(1)} us)` +
      (perSecond === undefined
        ? ''
        : `; ${perSecond.toLocaleString('en-US')} measurements/s in full batches`),
  ];
  if (totals.limited > 0)
    lines.push(`${plural(totals.limited, 'request')} beyond the limit per hour and box`);
  if (memoryMb !== undefined) lines.push(`memory at the end: ${memoryMb.toFixed(2)} MiB`);
  return lines;
}

/** A table's lines. */
export function requestTable(requests: readonly EventRequest[]): string[] {
  if (requests.length === 0) return [];
  const text = table<EventRequest>(
    [
      { title: 'FROM', value: ({ startMs }) => isoTime(startMs) },
      { title: 'SECONDS', value: ({ startMs, endMs }) => ((endMs - startMs) / 1000).toFixed(3), right: true },
      { title: 'BOXES', value: ({ boxIds }) => boxList(boxIds) },
      { title: 'TYPE', value: ({ triggerType }) => triggerType },
      { title: 'PERCENT', value: ({ percentMagnitude }) => percentMagnitude.toFixed(2), right: true },
      {
        title: 'DESCRIPTION',
        value: ({ description, requestData }) => (requestData ? description : `${description} (no data)`),
      },
    ],
    requests,
  );
  return text.trimEnd().split('\n');
}

/** A table's lines. */
export function incidentTable(incidents: readonly PluginIncident[]): string[] {
  if (incidents.length === 0) return [];
  const text = table<PluginIncident>(
    [
      { title: 'INCIDENT FROM', value: ({ startMs }) => isoTime(startMs) },
      { title: 'SECONDS', value: ({ startMs, endMs }) => ((endMs - startMs) / 1000).toFixed(3), right: true },
      { title: 'BOX', value: ({ boxId }) => boxId, right: true },
      { title: 'CLASS', value: (incident) => incident.class },
      { title: 'QUANTITY', value: ({ quantity }) => quantity },
      { title: 'DEVIATION', value: ({ deviation }) => Number(deviation.toPrecision(5)), right: true },
      { title: 'DESCRIPTION', value: ({ description }) => description },
    ],
    incidents,
  );
  return text.trimEnd().split('\n');
}

/** One line for each series of each box. */
export function seriesTable(values: readonly PluginValue[]): string[] {
  const groups = new Map<string, PluginValue[]>();
  for (const value of values) {
    const key = `${value.series} ${value.boxId}`;
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  if (groups.size === 0) return [];
  const text = table<PluginValue[]>(
    [
      { title: 'SERIES', value: ([first]) => first?.series },
      { title: 'BOX', value: ([first]) => first?.boxId, right: true },
      { title: 'VALUES', value: (group) => group.length, right: true },
      { title: 'MIN', value: (group) => short(extreme(group, Math.min)), right: true },
      { title: 'MAX', value: (group) => short(extreme(group, Math.max)), right: true },
      { title: 'LAST', value: (group) => short(group.at(-1)?.value ?? 0), right: true },
    ],
    [...groups.values()],
  );
  return text.trimEnd().split('\n');
}

const short = (value: number): number => Number(value.toPrecision(5));
const extreme = (group: readonly PluginValue[], pick: (a: number, b: number) => number): number =>
  group.reduce((found, { value }) => pick(found, value), group[0]?.value ?? 0);

function boxList(ids: readonly number[]): string {
  const shown = ids.slice(0, 5).join(' ');
  return ids.length > 5 ? `${shown} and ${ids.length - 5} more` : shown;
}

function cut(lines: readonly string[], what: string): string[] {
  const shown = lines.slice(0, LINES).map((line) => `  ${line}`);
  return lines.length > LINES ? [...shown, `  ... ${lines.length - LINES} more lines (${what})`] : shown;
}
