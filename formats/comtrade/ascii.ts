/** The DAT part in ASCII: a line a record, `number,time,A1,...,D1,...`. Read from the bytes, since a string a field would be many times the file. */
import { numberOf } from '../numbers.js';
import { shown, unreadable } from '../problems.js';
import type { Warnings } from '../warnings.js';
import type { ComtradeConfig } from './config.js';
import type { ComtradeData } from './data.js';
import { lineOf, type Part } from './parts.js';

const LF = 10;
const CR = 13;
const COMMA = 0x2c;

/** @throws MakaiError RECORDING_INVALID that names the line */
export function readAscii(part: Part, config: ComtradeConfig, warnings: Warnings): ComtradeData {
  const rows = new AsciiRows(part, warnings);
  const analogs = config.analog.length;
  const digitals = config.digital.length;
  // each field takes a byte at least, so the file's own length bounds what is laid out
  const most = Math.min(rows.lineCount, Math.ceil(part.bytes.length / (2 + analogs)) + 1);
  const times = new Float64Array(most);
  const analog = Array.from({ length: analogs }, () => new Float64Array(most));
  const digital = Array.from({ length: digitals }, () => new Uint8Array(most));
  const missing = missingMarks(config);
  let count = 0;
  let previous = 0;
  while (rows.begin()) {
    const number = rows.field();
    if (number !== previous + 1) rows.oddNumber(number, previous);
    previous = Number.isNaN(number) ? previous + 1 : number;
    times[count] = rows.field();
    for (const [channel, samples] of analog.entries()) {
      if (!rows.more) throw rows.short(2 + channel, 2 + analogs + digitals);
      const value = rows.field();
      samples[count] = value === missing[channel] ? Number.NaN : value;
    }
    for (const [channel, states] of digital.entries()) {
      if (!rows.more) {
        rows.warnShort(2 + analogs + channel, 2 + analogs + digitals);
        break;
      }
      const value = rows.field();
      if (value !== 0 && value !== 1) rows.oddState(value, channel);
      states[count] = value > 0 ? 1 : 0;
    }
    rows.end(2 + analogs + digitals);
    count += 1;
  }
  return {
    count,
    times: times.subarray(0, count),
    analog: analog.map((samples) => samples.subarray(0, count)),
    missing: undefined,
    digital: digital.map((states) => states.subarray(0, count)),
  };
}

/** 1991: 999999; 1999: 99999; 2013: an empty field, and 99999 of those who stayed with it, where the channel's range says that it is no value. */
function missingMarks({ revision, analog }: ComtradeConfig): number[] {
  return analog.map(({ range }) => {
    if (revision === 1991) return 999_999;
    return revision === 2013 && range !== undefined && range.max > 99_999 ? Number.NaN : 99_999;
  });
}

class AsciiRows {
  readonly #bytes: Uint8Array;
  readonly #part: Part;
  readonly #warnings: Warnings;
  #at = 0;
  #rowStart = 0;
  #fieldStart = 0;
  /** whether the row has a further field */
  more = false;

  constructor(part: Part, warnings: Warnings) {
    this.#part = part;
    this.#bytes = part.bytes;
    this.#warnings = warnings;
  }

  /** Line ends of every kind, and one. */
  get lineCount(): number {
    let count = 1;
    for (const byte of this.#bytes) if (byte === LF || byte === CR) count += 1;
    return count;
  }

  /** Goes to the next row that is not blank. */
  begin(): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    while (at < bytes.length && isBlank(bytes[at] ?? 0)) at += 1;
    this.#at = at;
    this.#rowStart = at;
    this.more = at < bytes.length;
    return this.more;
  }

  /** @returns NaN for an empty field */
  field(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    this.#fieldStart = at;
    let byte = bytes[at] ?? LF;
    while (byte === 0x20 || byte === 9) byte = bytes[++at] ?? LF;
    const negative = byte === 0x2d;
    if (negative || byte === 0x2b) byte = bytes[++at] ?? LF;
    let value = 0;
    const from = at;
    while (byte >= 0x30 && byte <= 0x39) {
      value = value * 10 + byte - 0x30;
      byte = bytes[++at] ?? LF;
    }
    const digits = at - from;
    while (byte === 0x20 || byte === 9) byte = bytes[++at] ?? LF;
    if (digits === 0 || digits > 15 || !endsField(byte)) return this.#slowField(at);
    this.#at = at;
    this.#step(byte);
    return negative ? -value : value;
  }

  /** Decimals, exponents, empty fields, and what is no number. */
  #slowField(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (at < bytes.length && !endsField(bytes[at] ?? LF)) at += 1;
    const text = latin1(bytes.subarray(this.#fieldStart, at)).trim();
    this.#at = at;
    this.#step(bytes[at] ?? LF);
    if (text === '') return Number.NaN;
    const value = numberOf(text);
    if (value === undefined) throw this.#mistake(`expected a number, found "${shown(text)}"`);
    return value;
  }

  #step(byte: number): void {
    this.more = byte === COMMA;
    if (this.more) this.#at += 1;
  }

  /** To the end of the row, which may have an empty field more. */
  end(wanted: number): void {
    let extra = 0;
    let filled = false;
    while (this.more) {
      const from = this.#at;
      while (!endsField(this.#bytes[this.#at] ?? LF)) this.#at += 1;
      filled ||= latin1(this.#bytes.subarray(from, this.#at)).trim() !== '';
      extra += 1;
      this.#step(this.#bytes[this.#at] ?? LF);
    }
    if (filled) {
      throw this.#mistake(
        `a row of ${wanted + extra} fields, the CFG says ${wanted}`,
        'Correct the numbers of channels in the CFG, or put points in place of decimal commas.',
      );
    }
  }

  short(found: number, wanted: number): Error {
    const row = latin1(this.#bytes.subarray(this.#rowStart, this.#at));
    return this.#mistake(`expected ${wanted} numbers, found ${found}: "${shown(row)}"`);
  }

  warnShort(found: number, wanted: number): void {
    this.#warn(
      'fields',
      `a row of ${found} fields, the CFG says ${wanted}: its digital channels are taken as 0`,
    );
  }

  oddNumber(number: number, previous: number): void {
    const what = Number.isNaN(number) ? 'no sample number' : `sample number ${number}`;
    this.#warn('numbers', `${what} where ${previous + 1} belongs: rows are read in their order`);
  }

  oddState(value: number, channel: number): void {
    const what = Number.isNaN(value) ? 'nothing' : value;
    this.#warn(
      'states',
      `${what} where digital channel ${channel + 1} has 0 or 1: taken as ${value > 0 ? 1 : 0}`,
    );
  }

  #warn(kind: string, text: string): void {
    const key = `dat-${kind}`;
    // the line is counted only for the first of a kind
    this.#warnings.add(key, this.#warnings.has(key) ? this.#part : lineOf(this.#part, this.#line()), text);
  }

  #mistake(message: string, hint?: string): Error {
    return unreadable(lineOf(this.#part, this.#line()), message, hint);
  }

  /** Number of the row's line, counted when it is asked for. */
  #line(): number {
    let line = 1;
    for (let i = 0; i < this.#rowStart; i += 1) {
      const byte = this.#bytes[i];
      if (byte === LF || (byte === CR && this.#bytes[i + 1] !== LF && this.#bytes[i + 1] !== CR)) line += 1;
    }
    return line;
  }
}

function endsField(byte: number): boolean {
  return byte === COMMA || byte === LF || byte === CR || byte === 0x1a || byte === 0;
}

function isBlank(byte: number): boolean {
  return byte === LF || byte === CR || byte === 0x20 || byte === 9 || byte === 0x1a || byte === 0;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
