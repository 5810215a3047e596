/** The state of a daemon as text for people: names with values, and lists of objects as tables. */
import { clean, table } from './output.js';

/** A duration in its two largest units, such as "2 d 3 h". */
export function duration(seconds: number): string {
  const units: readonly [number, string][] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  if (first < 0) return '0 s';
  let rest = seconds;
  const parts = units.slice(first, first + 2).map(([size, name]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? `${count} ${name}` : '';
  });
  return parts.filter((part) => part !== '').join(' ');
}

/** Lines for the details of a status; nested names are joined with a dot. */
export function describeDetails(details: Readonly<Record<string, unknown>>): string[] {
  const plain: { name: string; value: string }[] = [];
  const tables: string[] = [];
  collect('', details, plain, tables);
  const width = Math.max(0, ...plain.map(({ name }) => name.length));
  return [...plain.map(({ name, value }) => clean(`${name.padEnd(width)}  ${value}`)), ...tables];
}

function collect(
  prefix: string,
  values: Readonly<Record<string, unknown>>,
  plain: { name: string; value: string }[],
  tables: string[],
): void {
  for (const [key, value] of Object.entries(values)) {
    const name = prefix + key;
    if (isRows(value)) tables.push(`${clean(name)}:`, ...rowsTable(value));
    else if (isRecord(value)) collect(`${name}.`, value, plain, tables);
    else plain.push({ name, value: cell(value) });
  }
}

function rowsTable(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = names.map((title) => ({
    title,
    value: (row: Readonly<Record<string, unknown>>) => cell(row[title]),
    right: rows.every((row) => row[title] === undefined || typeof row[title] === 'number'),
  }));
  return table(columns, rows)
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`);
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number')
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRows(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRecord);
}
