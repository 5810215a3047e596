/** CSV with a header line: one column of volts, by its name, at a rate given or by a time column. */
import { readFileSync } from 'node:fs';
import { evenTimes, type Recording, unusable } from './recording.js';

export interface CsvOptions {
  /** name of the column of volts; without it the last one */
  channel?: string;
  /** Hz; without it the column `timeColumn` tells */
  sampleRate?: number;
  /** name of the column of seconds; without it the first whose name begins with `t` */
  timeColumn?: string;
}

/** @throws MakaiError RECORDING_INVALID that names the line; the system's error when the file cannot be read */
export function readCsv(file: string, options: CsvOptions = {}): Recording {
  const lines = readFileSync(file, 'utf8').split(/\r\n|\n|\r/);
  const separator = [';', '\t', ','].find((mark) => lines[0]?.includes(mark)) ?? ',';
  const header = split(lines[0] ?? '', separator);
  const column = indexOf(header, options.channel, header.length - 1, file);
  const timed = options.sampleRate === undefined;
  const first = header.findIndex((name) => /^t/i.test(name));
  const timeColumn = timed ? indexOf(header, options.timeColumn, first, file) : -1;
  const volts: number[] = [];
  const times: number[] = [];
  for (const [number, line] of lines.entries()) {
    if (number === 0 || line.trim() === '') continue;
    const fields = split(line, separator);
    const value = numberIn(fields[column]);
    const time = timed ? numberIn(fields[timeColumn]) : 0;
    if (value === undefined || time === undefined) {
      throw unusable(`${file}, line ${number + 1}: expected numbers, found "${line.slice(0, 80)}"`);
    }
    if (timed && times.length > 0 && time <= (times[times.length - 1] ?? 0)) {
      throw unusable(`${file}, line ${number + 1}: its time ${time} does not rise`);
    }
    volts.push(value);
    times.push(time);
  }
  return {
    description: `${file} column ${header[column]}`,
    pieces: [{ samples: volts, times: timed ? times : evenTimes(volts.length, options.sampleRate ?? 1) }],
  };
}

function indexOf(
  header: readonly string[],
  name: string | undefined,
  otherwise: number,
  file: string,
): number {
  const index = name === undefined ? otherwise : header.indexOf(name);
  if (index >= 0) return index;
  throw unusable(
    `${file}: ${name === undefined ? 'no column of times, and no sample rate was given' : `no column "${name}"`}; it has ${header.join(', ')}`,
  );
}

function split(line: string, separator: string): string[] {
  return line.split(separator).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
}

function numberIn(field: string | undefined): number | undefined {
  // a decimal comma where the separator is another
  const value = field === undefined || field === '' ? Number.NaN : Number(field.replace(',', '.'));
  return Number.isFinite(value) ? value : undefined;
}
