/** A recording as CSV: a column of times and one a channel, `name (unit)`; a missing sample is an empty field. */
import { aligned, sharedCount } from '../align.js';
import { unwritable } from '../problems.js';
import type { Recording } from '../recording.js';
import { secondsOf, valuesOf } from '../samples.js';
import type { Decimal } from './fields.js';

export interface CsvWriteOptions {
  /** one character, `,` without it; `;` where the decimal sign is a comma */
  separator?: string;
  decimal?: Decimal;
  /** `iso`: UTC, ISO 8601 to the nanosecond; `seconds`: from the first sample. Without it `iso` where the recording's start is known */
  time?: 'iso' | 'seconds';
}

const CHUNK_ROWS = 4096;

/**
 * @returns chunks of the file, one after the other, so that a long recording needs no text of its length
 * @throws MakaiError RECORDING_INVALID for signs that cannot be told apart, and a recording without a common time base
 */
export function* writeCsv(recording: Recording, options: CsvWriteOptions = {}): Generator<Uint8Array> {
  const { decimal = '.' } = options;
  const separator = options.separator ?? (decimal === ',' ? ';' : ',');
  if (separator === decimal || !/^[^\s"\w.+-]$|^\t$/.test(separator)) {
    throw unwritable(
      'CSV',
      `separator "${separator}" beside decimal sign "${decimal}"`,
      'Choose ; , | or tab, other than the decimal sign.',
    );
  }
  const whole = aligned(recording, 'CSV');
  const count = sharedCount(whole, 'CSV');
  const { start } = whole;
  const iso = start !== undefined && (options.time ?? 'iso') === 'iso';
  const names = [
    ...whole.analog.map(({ name, unit }) => (unit === '' ? name : `${name} (${unit})`)),
    ...whole.digital.map(({ name }) => name),
  ];
  yield Buffer.from(
    `${[iso ? 'time' : 'time (s)', ...names].map((name) => quoted(name, separator)).join(separator)}\n`,
  );
  const seconds = secondsOf(whole.time);
  const timeText = iso
    ? isoTimes(start.unixNs)
    : (second: number) => numberText(Number(second.toFixed(12)), decimal);
  const values = whole.analog.map((channel) => valuesOf(channel));
  let rows = '';
  for (let i = 0; i < count; i += 1) {
    rows += timeText(seconds[i] ?? 0);
    for (const column of values) rows += separator + numberText(column[i] ?? Number.NaN, decimal);
    for (const { states } of whole.digital) rows += separator + (states[i] === 1 ? '1' : '0');
    rows += '\n';
    if ((i + 1) % CHUNK_ROWS === 0 || i === count - 1) {
      yield Buffer.from(rows);
      rows = '';
    }
  }
}

/** The shortest text that is this number again. */
function numberText(value: number, decimal: Decimal): string {
  if (Number.isNaN(value)) return '';
  const text = String(value);
  return decimal === ',' ? text.replace('.', ',') : text;
}

function quoted(text: string, separator: string): string {
  const clean = text.replace(/[\r\n]+/g, ' ');
  return clean.includes(separator) || clean.includes('"') ? `"${clean.replaceAll('"', '""')}"` : clean;
}

/** ISO texts of moments so many seconds after `startNs`; the text of a second is made once. */
function isoTimes(startNs: bigint): (seconds: number) => string {
  const fraction = Number(((startNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n);
  const first = Number((startNs - BigInt(fraction)) / 1_000_000_000n);
  let current = Number.NaN;
  let prefix = '';
  return (seconds) => {
    const ns = fraction + Math.round(seconds * 1e9);
    const second = first + Math.floor(ns / 1e9);
    if (second !== current) {
      current = second;
      prefix = new Date(second * 1000).toISOString().slice(0, 20);
    }
    return `${prefix}${String(ns - Math.floor(ns / 1e9) * 1e9).padStart(9, '0')}Z`;
  };
}
