/** One text file, a line for each document. */
import type { Chunk, Exporter } from './chunks.js';

const CHUNK_CHARACTERS = 65_536;

export class Lines<T> implements Exporter<T> {
  readonly #file: string;
  readonly #lineOf: (document: T) => string;
  #lines: string;

  constructor(file: string, header: string, lineOf: (document: T) => string) {
    this.#file = file;
    this.#lines = header;
    this.#lineOf = lineOf;
  }

  *add(document: T): Generator<Chunk> {
    this.#lines += this.#lineOf(document);
    if (this.#lines.length >= CHUNK_CHARACTERS) yield this.#take(false);
  }

  *finish(): Generator<Chunk> {
    yield this.#take(true);
  }

  #take(last: boolean): Chunk {
    const bytes = Buffer.from(this.#lines);
    this.#lines = '';
    return { file: this.#file, bytes, last };
  }
}

/** What spreadsheets take for the beginning of a formula; a number is none. */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** A field of CSV (RFC 4180). A text of a box or a person that a spreadsheet would run as a formula gets an apostrophe in front. */
export function quoted(text: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
