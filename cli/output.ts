/** What commands print: tables for people, one JSON document a line for scripts. */

import { jsonLine, write } from '../common/stdout.js';

/** Characters in one write. */
const LINES_AT_ONCE = 64 * 1024;

export interface Column<Row> {
  title: string;
  value(row: Row): string | number | undefined;
  /** numbers stand to the right */
  right?: boolean;
}

/** Rows under titles, columns as wide as needed. Control characters of what peers sent do not reach the terminal. */
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

/** Text without control characters, so that nothing a peer sent can steer a terminal. */
export function clean(text: string): string {
  return text.replace(/\p{Cc}/gu, '\uFFFD');
}

/** Prints documents as they come (`--json`) or all together as a table. */
export async function print<Row>(
  documents: AsyncIterable<Row> | Iterable<Row>,
  columns: readonly Column<Row>[],
  options: { json?: boolean | undefined },
): Promise<void> {
  if (options.json) return printLines(documents);
  const rows: Row[] = [];
  for await (const document of documents) rows.push(document);
  await write(table(columns, rows));
}

/** A line a document, many lines in one write: a day of a box is half a million. */
async function printLines(documents: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
  let lines = '';
  for await (const document of documents) {
    lines += jsonLine(document);
    if (lines.length < LINES_AT_ONCE) continue;
    await write(lines);
    lines = '';
  }
  await write(lines);
}
