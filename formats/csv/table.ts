/** Finds the table in a text: its separator, its first row of numbers, and what stands above it. */
import { isoMoment } from '../moment.js';
import { type Place, unreadable } from '../problems.js';
import { type Line, Lines } from '../text.js';
import { type Decimal, fieldValue, isMissingField, splitLine } from './fields.js';

export interface Table {
  separator: string;
  /** undefined where the first rows have only whole numbers: the first that has one decides */
  decimal: Decimal | undefined;
  /** lines above the table that are not blank */
  above: Line[];
  /** fields of a row */
  width: number;
  /** place in the text, and number, of the first row's line */
  at: number;
  line: number;
}

/** Lines looked at: headers of instruments have some dozen. */
const LOOK_LINES = 400;
const LOOK_CHARACTERS = 1_000_000;
/** Instruments have some dozen channels; a line of a million numbers is no table. */
const MAX_COLUMNS = 4096;
const MAX_LINE = 200_000;
const SEPARATORS = ['\t', ';', ',', '|', ' '];

interface Candidate {
  separator: string;
  row: number;
  numbers: number;
  /** it has a row of numbers alone */
  whole: boolean;
  width: number;
}

/**
 * @param separator where the user names one
 * @throws MakaiError where no row of numbers is found
 */
export function findTable(text: string, place: Place, separator?: string, decimal?: Decimal): Table {
  const lines: (Line & { at: number })[] = [];
  const reader = new Lines(text.length > LOOK_CHARACTERS ? text.slice(0, LOOK_CHARACTERS) : text);
  for (let at = reader.at; lines.length < LOOK_LINES; at = reader.at) {
    const line = reader.nextRaw();
    if (line === undefined) break;
    if (line.text.trim() !== '' && line.text !== '\u001a') lines.push({ ...line, at });
  }
  const wide = lines.find(({ text: row }) => row.length > MAX_LINE);
  if (wide !== undefined) {
    throw unreadable(
      { ...place, line: wide.number },
      `a line of ${wide.text.length} characters, more than ${MAX_LINE}`,
    );
  }
  const candidates = (separator === undefined ? SEPARATORS : [separator])
    .map((mark) => candidateOf(lines, mark, decimal))
    .filter((candidate) => candidate !== undefined);
  const [best] = candidates.sort((a, b) => Number(b.whole) - Number(a.whole) || b.numbers - a.numbers);
  const first = lines[best?.row ?? -1];
  if (best === undefined || first === undefined) {
    throw unreadable(
      place,
      'no table of numbers found in it',
      'Name the separator and the decimal sign (--separator, --decimal) if they are unusual.',
    );
  }
  if (best.width > MAX_COLUMNS) {
    throw unreadable({ ...place, line: first.number }, `${best.width} columns, more than ${MAX_COLUMNS}`);
  }
  return {
    separator: best.separator,
    decimal: decimal ?? (best.separator === ',' ? '.' : undefined),
    above: lines.slice(0, best.row),
    width: best.width,
    at: first.at,
    line: first.number,
  };
}

/**
 * A table begins with the first row of numbers alone, if the next has as many fields, and the rows directly above it that have numbers in the
 * same places; where no row is such, with the first of three (or all that are left) that have numbers in the same places.
 */
function candidateOf(
  lines: readonly Line[],
  separator: string,
  decimal: Decimal | undefined,
): Candidate | undefined {
  const rows = lines.map(({ text }) =>
    splitLine(text, separator).map((field): Cell => cellOf(field, separator, decimal)),
  );
  const whole = rows.findIndex((cells, row) => {
    if (!cells.includes('number') || cells.includes('text')) return false;
    const next = rows[row + 1];
    const above = rows[row - 1];
    if (above?.length === cells.length && above.every((cell) => cell === 'text')) return true;
    // the last row may have been cut off
    return (
      next === undefined ||
      next.length === cells.length ||
      (row + 2 === rows.length && next.length < cells.length)
    );
  });
  if (whole >= 0) {
    let row = whole;
    while (row > 0 && rows[row - 1]?.includes('number') && alike(rows[row - 1] ?? [], rows[row] ?? []))
      row -= 1;
    return candidate(rows, row, whole, separator);
  }
  const partial = rows.findIndex((cells, row) => {
    const next = [rows[row + 1], rows[row + 2]].filter((other) => other !== undefined);
    return cells.includes('number') && next.every((other) => alike(cells, other));
  });
  return partial < 0 ? undefined : candidate(rows, partial, undefined, separator);
}

function candidate(
  rows: readonly Cell[][],
  row: number,
  whole: number | undefined,
  separator: string,
): Candidate {
  const cells = rows[whole ?? row] ?? [];
  const numbers = cells.filter((cell) => cell === 'number').length;
  return { separator, row, numbers, whole: whole !== undefined, width: cells.length };
}

type Cell = 'number' | 'text' | 'empty';

function cellOf(field: string, separator: string, decimal: Decimal | undefined): Cell {
  if (fieldValue(field, decimal ?? (separator === ',' ? '.' : undefined)) !== undefined) return 'number';
  if (isoMoment(field) !== undefined) return 'number';
  return isMissingField(field) ? 'empty' : 'text';
}

function alike(cells: readonly Cell[], others: readonly Cell[]): boolean {
  if (cells.length !== others.length) return false;
  return cells.every((cell, i) => cell === others[i] || cell === 'empty' || others[i] === 'empty');
}
