/** A check's report and requests, for people. */
import type { EventRequest } from '../../plugins/sdk/plugin.js';
import { clean, table } from '../output.js';
import type { CheckReport } from './check.js';
import type { ReplayTotals } from './messages.js';

/** Requests and log lines in a report. */
const LINES = 20;
const LANGUAGES = { javascript: 'JavaScript', webassembly: 'WebAssembly' };

export function reportText(report: CheckReport): string {
  const { name, version, language, bytes, memory, totals, problems, warnings } = report;
  const title = name === undefined ? '' : `${name}${version ? ` ${version}` : ''}, `;
  const lines = [`${report.file}: ${title}${LANGUAGES[language]}, ${(bytes / 1024).toFixed(1)} KiB`];
  if (memory) {
    const own =
      memory.ownMb === undefined ? 'names no maximum of its own' : `at most ${memory.ownMb} MiB by itself`;
    lines.push(`memory: ${own}; the host allows ${memory.allowedMb} MiB`);
  }
  lines.push(...cut(report.log, 'log'));
  if (totals) lines.push(...totalsLines(totals), ...cut(requestTable(report.requests), 'requests'));
  for (const warning of warnings) lines.push(`warning: ${warning}`);
  for (const problem of problems) lines.push(`error: ${problem}`);
  lines.push(problems.length === 0 ? 'sound' : 'not sound');
  return `${lines.map(clean).join('\n')}\n`;
}

export function totalsLines(totals: ReplayTotals): string[] {
  const { recording, measurements, boxes, seconds, ticks, requests, memoryMb, perSecond } = totals;
  const lines = [
    `recording: ${recording}: ${count(boxes, 'box', 'boxes')}, ${seconds.toFixed(1)} s with the silence after it, ` +
      `${count(measurements, 'measurement')}, ${count(ticks, 'tick')}`,
    `asked for ${count(requests, 'request')}`,
    `time: ${totals.batchP50Us.toFixed(1)} us a batch (p99 ${totals.batchP99Us.toFixed(1)} us)` +
      (perSecond === undefined
        ? ''
        : `; ${perSecond.toLocaleString('en-US')} measurements/s in full batches`),
  ];
  if (memoryMb !== undefined) lines.push(`memory at the end: ${memoryMb.toFixed(2)} MiB`);
  return lines;
}

/** A table's lines. */
export function requestTable(requests: readonly EventRequest[]): string[] {
  if (requests.length === 0) return [];
  const text = table<EventRequest>(
    [
      { title: 'FROM', value: ({ startMs }) => new Date(startMs).toISOString() },
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

function boxList(ids: readonly number[]): string {
  const shown = ids.slice(0, 5).join(' ');
  return ids.length > 5 ? `${shown} and ${ids.length - 5} more` : shown;
}

function cut(lines: readonly string[], what: string): string[] {
  const shown = lines.slice(0, LINES).map((line) => `  ${line}`);
  return lines.length > LINES ? [...shown, `  ... ${lines.length - LINES} more lines (${what})`] : shown;
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;
}
