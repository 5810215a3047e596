/** Measurements as `makai measurements` writes them, CSV or NDJSON, as rows to replay: what we write, we read. */
import type { ReplayRow } from '../../box/index.js';
import { MakaiError } from '../../common/errors.js';
import { METRIC_FIELD, METRICS, type Metric } from '../../proto/columns.js';

/** Whether a text begins like one of the two. */
export function isStoredMeasurements(head: string): boolean {
  return isCsv(head) || /^\{"box_id":"\d+","timestamp_ms":\d+/.test(head);
}

/** @throws MakaiError RECORDING_INVALID that names the line */
export function parseStoredMeasurements(text: string, where: string): ReplayRow[] {
  const lines = text.split(/\r?\n/);
  const names = isCsv(text) ? (lines[0] ?? '').split(',') : undefined;
  return lines.flatMap((line, i): ReplayRow[] => {
    if (line.trim() === '' || (names && i === 0)) return [];
    const row = rowOf(names ? fromCsv(line, names) : fromJson(line));
    if (row) return [row];
    throw new MakaiError(
      'RECORDING_INVALID',
      `${where}, line ${i + 1}: expected a stored measurement, found "${line.slice(0, 80)}"`,
      { hint: '`makai measurements <box> --format csv` and `--json` write such files.' },
    );
  });
}

function isCsv(text: string): boolean {
  return /^box_id,timestamp_ms,/.test(text);
}

function fromCsv(line: string, names: readonly string[]): Record<string, unknown> {
  const cells = line.split(',');
  return Object.fromEntries(
    names.flatMap((name, i) => (cells[i] ? [[name.trim(), Number(cells[i])] as const] : [])),
  );
}

function fromJson(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {}; // the caller names the line
  }
}

/** Undefined when it has no box or no time. */
function rowOf(fields: Record<string, unknown>): ReplayRow | undefined {
  const boxId = Number(fields.box_id);
  const timeMs = Number(fields.timestamp_ms);
  if (!Number.isInteger(boxId) || !Number.isSafeInteger(timeMs)) return undefined;
  const row: ReplayRow = { boxId, timeMs };
  for (const metric of METRICS) {
    const average = fields[METRIC_FIELD[metric]];
    if (typeof average !== 'number' || Number.isNaN(average)) continue;
    row[metric] = { average, ...(extremesOf(fields, metric) ?? { min: average, max: average }) };
  }
  return row;
}

function extremesOf(
  fields: Record<string, unknown>,
  metric: Metric,
): { min: number; max: number } | undefined {
  const { extremes } = fields;
  if (typeof extremes !== 'object' || extremes === null) return undefined;
  const found: unknown = Reflect.get(extremes, METRIC_FIELD[metric]);
  if (typeof found !== 'object' || found === null || !('min' in found) || !('max' in found)) return undefined;
  return { min: Number(found.min), max: Number(found.max) };
}
