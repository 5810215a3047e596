/** What commands print: tables for people, NDJSON for scripts. */

import { jsonLine, write } from '../common/stdout.js';

/** Characters in one write. */
const CHARACTERS_PER_WRITE = 64 * 1024;

export interface Column<Row> {
  title: string;
  value(row: Row): string | number | undefined;
  /** align to the right, for numbers */
  right?: boolean;
}

/** A table with titles, columns as wide as needed. Control characters that peers sent do not reach the terminal. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => clean(String(column.value(row) ?? ''))));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((line) => line[index]?.length ?? 0)),
  );
  const lines = [columns.map((column) => column.title), ...cells].map((line) =>
    line
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return columns[index]?.right ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Text without control characters, so that nothing that a peer sent can control the terminal. */
export function clean(text: string): string {
  return text.replace(/\p{Cc}/gu, '\uFFFD');
}

/** Prints documents as they arrive (`--json`), or all of them as one table. */
export async function print<Row>(
  documents: AsyncIterable<Row> | Iterable<Row>,
  columns: readonly Column<Row>[],
  options: { json?: boolean | undefined },
): Promise<void> {
  if (options.json) return writeLines(documents, jsonLine);
  const rows: Row[] = [];
  for await (const document of documents) rows.push(document);
  await write(table(columns, rows));
}

/**
 * Writes a line for each item, many lines per write: a day of a box has half a million documents.
 * @param line an item's text, with its line end
 */
export async function writeLines<T>(
  items: AsyncIterable<T> | Iterable<T>,
  line: (item: T) => string,
): Promise<void> {
  let lines = '';
  for await (const item of items) {
    lines += line(item);
    if (lines.length < CHARACTERS_PER_WRITE) continue;
    await write(lines);
    lines = '';
  }
  await write(lines);
}

/** `1 case`, `2,000 cases`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** `12.3 MB`, `4.0 GB`. */
export function sizeText(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
