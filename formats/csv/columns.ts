/** Names, units and roles of a table's columns, from the lines above it. */
import { type Place, shown, unreadable } from '../problems.js';
import type { Line } from '../text.js';
import { type Unit, unitOf } from '../units.js';
import { splitLine } from './fields.js';
import type { Table } from './table.js';

export interface Column {
  /** from 0 on */
  index: number;
  /** as the file writes it, its unit taken off where that stands in brackets */
  name: string;
  /** as the file writes it; '' where it does not say */
  unit: string;
  /** what the unit means; undefined where it is not known, or not said */
  meaning: Unit | undefined;
}

const BRACKETS = /^(.*)[([]([^()[\]]*)[)\]]$/;
const IN = /^(.*\S)\s+in\s+(\S+)$/i;
const SUFFIX = /^(.*[^_\s])[_\s]+([^_\s]+)$/;

/**
 * @returns the columns, and the lines above that are none of their header
 * @throws MakaiError where the header has another number of columns than the rows
 */
export function columnsOf(
  { above, separator, width }: Table,
  place: Place,
): { columns: Column[]; preamble: readonly Line[] } {
  const { names, units } = headerOf(above, separator, width, place);
  const headers = (names.length > 0 ? 1 : 0) + (units === undefined ? 0 : 1);
  const columns = Array.from({ length: width }, (_, index): Column => {
    const text = names[index] ?? '';
    const below = withoutBrackets(units?.[index] ?? '');
    if (below !== '') return { index, name: text, unit: below, meaning: unitOf(below) };
    return { index, ...named(text === '' ? `column ${index + 1}` : text) };
  });
  return { columns, preamble: above.slice(0, above.length - headers) };
}

function headerOf(
  above: readonly Line[],
  separator: string,
  width: number,
  place: Place,
): { names: string[]; units: string[] | undefined } {
  const rows = above.map(({ text }) => splitLine(text.replace(/^#+ ?/, ''), separator));
  const last = rows.at(-1);
  if (last === undefined) return { names: [], units: undefined };
  const before = rows.at(-2);
  const isUnits =
    last.some((field) => field !== '') && last.every((field) => field === '' || isUnitField(field));
  const units =
    isUnits && before !== undefined && filled(before) >= 2 && filled(before) >= filled(last) - 1
      ? last
      : undefined;
  const names = units === undefined ? last : (before ?? []);
  const count = filled(names);
  if (count > 1 && count < width - 1 && units === undefined) throw differs(above.at(-1), count, width, place);
  // a single text above several columns is a remark, not a header
  if (count === 1 && width > 1) {
    if (separator === ',' && width === 2) throw differs(above.at(-1), count, width, place);
    return { names: [], units: undefined };
  }
  return { names, units };
}

function differs(line: Line | undefined, count: number, width: number, place: Place): Error {
  return unreadable(
    { ...place, ...(line !== undefined && { line: line.number }) },
    `the header names ${count} column${count === 1 ? '' : 's'}, the rows have ${width} fields`,
    'If numbers have a decimal comma, another sign must separate the columns: name both (--separator, --decimal).',
  );
}

function filled(fields: readonly string[]): number {
  let length = fields.length;
  while (length > 0 && fields[length - 1] === '') length -= 1;
  return length;
}

/** `(ms)`, `Volt`, and what Rigol puts there: the name of the first column's kind and its start and step. */
function isUnitField(field: string): boolean {
  const text = withoutBrackets(field);
  return unitOf(text) !== undefined || /^(?:sequence|value|[+-]?\d+\.?\d*(?:e[+-]?\d+)?)$/i.test(text);
}

function withoutBrackets(text: string): string {
  return /^[([].*[)\]]$/.test(text) ? text.slice(1, -1).trim() : text;
}

/** Names are looked at no further than that. */
const MAX_NAME = 200;

function named(whole: string): Omit<Column, 'index'> {
  const text = whole.slice(0, MAX_NAME);
  const brackets = BRACKETS.exec(text) ?? IN.exec(text);
  if (brackets !== null) {
    const unit = (brackets[2] ?? '').trim();
    return { name: (brackets[1] ?? '').trim() || text, unit, meaning: unitOf(unit) };
  }
  const suffix = SUFFIX.exec(text)?.[2] ?? text;
  const meaning = NO_SUFFIX.test(suffix) ? undefined : unitOf(suffix);
  // a single letter is a phase or a channel ("A", "Channel A"), not amperes, unless an underscore says so; V and s are what they are
  const isLetter =
    suffix.length === 1 && !text.endsWith(`_${suffix}`) && (suffix !== text || !/^[Vvs]$/.test(text));
  return meaning === undefined || isLetter
    ? { name: text, unit: '', meaning: undefined }
    : { name: text, unit: suffix, meaning };
}

/** Units that are other words too: `v_min` is a minimum. */
const NO_SUFFIX = /^(?:min|h|pu|deg|%)$/i;

const TIME_NAMES =
  /^(?:t|time|times|timestamp|x|x-axis|x axis|datetime|date time|date\/time|date|elapsed|elapsed time|utc|zeit|sequence)$/i;

/** Whether a column is one of times, by its unit or its name. */
export function isTime({ name, meaning }: Column): boolean {
  return meaning === undefined ? TIME_NAMES.test(name) : meaning.quantity === 'time';
}

/**
 * The column that a user or a rule names: by name, whatever its case, with or without its unit; or by number, from 1 on.
 * @throws MakaiError that names those that are there
 */
export function columnNamed(columns: readonly Column[], wanted: string, place: Place, what: string): Column {
  const low = wanted.trim().toLowerCase();
  const found =
    columns.find(({ name }) => name === wanted) ??
    columns.find(({ name, unit }) =>
      [name, `${name} (${unit})`, `${name} [${unit}]`].some((text) => text.toLowerCase() === low),
    ) ??
    columns.find(({ index }) => String(index + 1) === low);
  if (found !== undefined) return found;
  throw unreadable(place, `no ${what} "${shown(wanted)}"; it has ${columnList(columns)}`);
}

export function columnList(columns: readonly Column[]): string {
  const names = columns.slice(0, 20).map(({ name }) => shown(name));
  return names.join(', ') + (columns.length > 20 ? ` and ${columns.length - 20} more` : '');
}
