/** The rows of a table as columns of numbers. */
import { isoMoment, type Moment } from '../moment.js';
import { type Place, shown, unreadable } from '../problems.js';
import { type Line, Lines, withoutPadding } from '../text.js';
import type { Warnings } from '../warnings.js';
import type { Column } from './columns.js';
import { type Decimal, fieldValue, isMissingField, splitLine } from './fields.js';
import type { Table } from './table.js';

export interface Rows {
  count: number;
  /** values of each column; undefined for one of text */
  values: (Float64Array | undefined)[];
  /** moment from which a column of ISO times counts, in seconds */
  origins: Map<number, Moment>;
}

/** @throws MakaiError RECORDING_INVALID that names the line */
export function readRows(
  text: string,
  table: Table,
  columns: readonly Column[],
  place: Place,
  warnings: Warnings,
): Rows {
  const reader = new RowReader(table, columns, place, warnings);
  const lines = new Lines(text, table.at, table.line);
  for (let line = nextRow(lines); line !== undefined; line = nextRow(lines)) {
    reader.row(line.text, line.number, lines.at >= text.length);
  }
  return reader.rows;
}

/** Number of the line of a row, counted from 0 on: found by going through the text again, since only errors ask for it. */
export function lineOfRow(text: string, table: Table, row: number): number {
  const lines = new Lines(text, table.at, table.line);
  let line = nextRow(lines);
  for (let i = 0; i < row && line !== undefined; i += 1) line = nextRow(lines);
  return line?.number ?? table.line;
}

/** The next line that is not blank, with blanks at its ends: a tab there stands before an empty field. */
function nextRow(lines: Lines): Line | undefined {
  for (let line = lines.nextRaw(); line !== undefined; line = lines.nextRaw()) {
    if (withoutPadding(line.text) !== '') return line;
  }
  return undefined;
}

class RowReader {
  readonly #table: Table;
  readonly #columns: readonly Column[];
  readonly #place: Place;
  readonly #warnings: Warnings;
  readonly #values: Grown[];
  readonly #kinds: ('empty' | 'number' | 'iso' | 'text')[];
  readonly #origins = new Map<number, Moment>();
  #decimal: Decimal | undefined;
  #count = 0;

  constructor(table: Table, columns: readonly Column[], place: Place, warnings: Warnings) {
    this.#table = table;
    this.#columns = columns;
    this.#place = place;
    this.#warnings = warnings;
    this.#decimal = table.decimal;
    this.#values = columns.map(() => new Grown());
    this.#kinds = columns.map(() => 'empty');
  }

  get rows(): Rows {
    return {
      count: this.#count,
      values: this.#values.map((column, i) => (this.#kinds[i] === 'text' ? undefined : column.values)),
      origins: this.#origins,
    };
  }

  row(text: string, line: number, last: boolean): void {
    const fields = splitLine(text, this.#table.separator);
    const { width } = this.#table;
    if (fields.length !== width && !this.#fits(fields, line, last)) return;
    this.#count += 1;
    for (let i = 0; i < width; i += 1) this.#values[i]?.push(this.#cell(fields[i] ?? '', i, line));
  }

  /** @returns false for a last row that was cut off */
  #fits(fields: string[], line: number, last: boolean): boolean {
    const { width } = this.#table;
    if (fields.length > width && fields.slice(width).every((field) => field === '')) return true;
    const found = `${fields.length} fields where the rows before have ${width}`;
    if (last && fields.length < width) {
      this.#warnings.add('cut-off', { ...this.#place, line }, `the last row has ${found}: not read`);
      return false;
    }
    throw this.#mistake(line, `${found}: "${shown(fields.join(this.#table.separator))}"`);
  }

  #cell(field: string, index: number, line: number): number {
    const value = fieldValue(field, this.#decimal);
    const kind = this.#kinds[index];
    if (value !== undefined && (kind === 'number' || kind === 'empty')) {
      if (this.#decimal === undefined) this.#decimal = decimalOf(field);
      this.#kinds[index] = 'number';
      return value;
    }
    if (isMissingField(field)) return Number.NaN;
    const moment = kind === 'number' ? undefined : isoMoment(field);
    if (moment !== undefined && kind !== 'text') {
      this.#kinds[index] = 'iso';
      const origin = this.#origins.get(index);
      if (origin === undefined) this.#origins.set(index, moment);
      return origin === undefined ? 0 : Number(moment.unixNs - origin.unixNs) / 1e9;
    }
    if (kind === 'number' || kind === 'iso') {
      const name = this.#columns[index]?.name ?? '';
      throw this.#mistake(
        line,
        `expected a ${kind === 'iso' ? 'time' : 'number'} in column ${shown(name)}, found "${shown(field)}"`,
      );
    }
    if (kind === 'empty' && /^[+-]?\d[\d.,]*$/.test(field)) {
      const sign = this.#decimal ?? '.';
      throw this.#mistake(line, `expected a number with the decimal sign "${sign}", found "${shown(field)}"`);
    }
    this.#kinds[index] = 'text';
    return Number.NaN;
  }

  #mistake(line: number, message: string): Error {
    return unreadable(
      { ...this.#place, line },
      message,
      'Check the line; numbers are whole fields with one decimal sign (--decimal) and no separators of thousands.',
    );
  }
}

function decimalOf(field: string): Decimal | undefined {
  if (field.includes(',')) return ',';
  return field.includes('.') ? '.' : undefined;
}

/** Numbers whose count is not known before. Grows by half, so that what is laid out stays near what is needed. */
class Grown {
  #values = new Float64Array(8);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const next = new Float64Array(Math.ceil(this.#length * 1.5));
      next.set(this.#values);
      this.#values = next;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}
