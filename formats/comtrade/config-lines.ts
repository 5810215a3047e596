/** Lines of a CFG: fields between commas, errors and warnings that know their line. */
import type { MakaiError } from '../../common/errors.js';
import { shown, unreadable } from '../problems.js';
import { decodeText, Lines } from '../text.js';
import type { Warnings } from '../warnings.js';
import { lineOf, type Part } from './parts.js';

export class ConfigLines {
  readonly #part: Part;
  readonly #warnings: Warnings;
  readonly #text: string;
  #lines: Lines;
  #number = 0;

  constructor(part: Part, warnings: Warnings, encoding?: string) {
    this.#part = part;
    this.#warnings = warnings;
    this.#text = decodeText(part.bytes, { file: part.file }, warnings, encoding).text;
    this.#lines = new Lines(this.#text);
  }

  /** Fields of the next line that is not blank, trimmed. @throws MakaiError at the end of the file */
  next(what: string): string[] {
    const fields = this.optional();
    if (fields === undefined) throw this.mistake(`expected ${what}, found the end`);
    return fields;
  }

  /** As `next`, or undefined at the end. */
  optional(): string[] | undefined {
    const line = this.#lines.next();
    this.#number = line?.number ?? this.#lines.number;
    return line === undefined ? undefined : fieldsOf(line.text);
  }

  /** Fields of the next lines that are not blank, without going on; fewer at the end. */
  peek(count: number): string[][] {
    const ahead = new Lines(this.#text, this.#lines.at);
    const found: string[][] = [];
    for (let line = ahead.next(); line !== undefined; line = ahead.next()) {
      found.push(fieldsOf(line.text));
      if (found.length === count) break;
    }
    return found;
  }

  /**
   * Puts a number that was written with a decimal comma together again, where a line of numbers has one field more than belongs there
   * and the first two are digits: `16,7` is 16.7, never 16.
   * @param wanted fields that belong on the line
   */
  decimalComma(fields: string[], wanted: number, what: string): string[] {
    const kept = withoutEmptyEnd(fields, wanted);
    if (kept.length === wanted + 1 && /^[+-]?\d+$/.test(kept[0] ?? '') && /^\d+$/.test(kept[1] ?? '')) {
      const joined = `${kept[0]}.${kept[1]}`;
      this.warn('decimal-comma', `"${shown(fields.join(','))}" has a comma in ${what}: read as ${joined}`);
      return [joined, ...kept.slice(2)];
    }
    if (kept.length > wanted) {
      throw this.mistake(
        `expected ${what} in ${wanted} field${wanted === 1 ? '' : 's'}, found "${shown(fields.join(','))}"`,
      );
    }
    return kept;
  }

  warn(kind: string, text: string): void {
    this.#warnings.add(`cfg-${kind}`, lineOf(this.#part, this.#number), text);
  }

  mistake(message: string, hint?: string): MakaiError {
    return unreadable(lineOf(this.#part, this.#number), message, hint);
  }
}

function fieldsOf(text: string): string[] {
  return text.split(',').map((field) => field.trim());
}

function withoutEmptyEnd(fields: string[], wanted: number): string[] {
  let length = fields.length;
  while (length > wanted && fields[length - 1] === '') length -= 1;
  return fields.slice(0, length);
}
