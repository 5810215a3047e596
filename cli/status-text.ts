/** The state of a daemon as text for people: names with values, and lists of objects as tables. */
import { clean, table } from './output.js';

type Row = Readonly<Record<string, unknown>>;

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

/**
 * Lines for the details of a status; nested names are joined with a dot.
 * @param width columns that a line may have: longer ones are wrapped between words
 */
export function describeDetails(details: Row, width = Number.POSITIVE_INFINITY): string[] {
  const plain: { name: string; value: string }[] = [];
  const tables: string[] = [];
  collect('', details, plain, tables, width);
  const first = Math.max(0, ...plain.map(({ name }) => name.length));
  return [
    ...plain.flatMap(({ name, value }) =>
      wrapped(clean(`${name.padEnd(first)}  ${value}`), first + 2, width),
    ),
    ...tables,
  ];
}

function collect(
  prefix: string,
  values: Row,
  plain: { name: string; value: string }[],
  tables: string[],
  width: number,
): void {
  for (const [key, value] of Object.entries(values)) {
    const name = prefix + key;
    if (isRows(value))
      tables.push(`${clean(name)}:`, ...rowsTable(value, width - 2).map((line) => `  ${line}`));
    else if (isRecord(value)) collect(`${name}.`, value, plain, tables, width);
    else plain.push({ name, value: cell(value) });
  }
}

/** A table of the columns that fit side by side; the others stand below each row, by name. */
function rowsTable(rows: readonly Row[], width: number): string[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const fitting = fittingColumns(names, rows, width);
  const columns = fitting.map((title) => ({
    title,
    value: (row: Row) => cell(row[title]),
    right: rows.every((row) => row[title] === undefined || typeof row[title] === 'number'),
  }));
  const others = names.filter((name) => !fitting.includes(name));
  const [head = '', ...lines] = table(columns, rows).trimEnd().split('\n');
  const below = (row: Row): string[] => {
    const pairs = others.filter((name) => cell(row[name]) !== '');
    const text = pairs.map((name) => `${name} ${cell(row[name])}`).join(', ');
    return text === '' ? [] : wrapped(clean(`  ${text}`), 2, width);
  };
  return [head, ...rows.flatMap((row, i) => [lines[i] ?? '', ...below(row)])];
}

/** In their order; one that is too wide, such as a text, is left out, so that narrow ones behind it have their place. */
function fittingColumns(names: readonly string[], rows: readonly Row[], width: number): string[] {
  let used = -2;
  return names.filter((name, i) => {
    const wide = 2 + Math.max(name.length, ...rows.map((row) => cell(row[name]).length));
    if (i > 0 && used + wide > width) return false;
    used += wide;
    return true;
  });
}

/** Breaks a line between words; a word that is longer than a line, such as a path, stays whole. */
export function wrapped(line: string, indent: number, width: number): string[] {
  if (line.length <= width) return [line];
  const at = line.lastIndexOf(' ', width);
  const cut = at > indent ? at : line.indexOf(' ', Math.max(width, indent));
  if (cut < 0) return [line];
  const rest = line.slice(cut).trimStart();
  return [line.slice(0, cut).trimEnd(), ...wrapped(' '.repeat(indent) + rest, indent, width)];
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return String(rounded(value));
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** To 3 decimals, below 1 to 4 significant digits: a Unix time in ms keeps its milliseconds. */
function rounded(value: number): number {
  return Number(Math.abs(value) < 1 ? value.toPrecision(4) : value.toFixed(3));
}

function isRecord(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRows(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRecord);
}
