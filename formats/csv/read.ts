/** CSV: a table of numbers below whatever an instrument writes above it. */
import { later } from '../moment.js';
import { numberOf } from '../numbers.js';
import { type Place, unreadable } from '../problems.js';
import type { AnalogChannel, FileContent, Recording, TimeBase } from '../recording.js';
import { decodeText } from '../text.js';
import { Warnings } from '../warnings.js';
import { type Column, columnsOf } from './columns.js';
import type { Decimal } from './fields.js';
import { preambleOf } from './preamble.js';
import { lineOfRow, type Rows, readRows } from './rows.js';
import { findTable, type Table } from './table.js';
import { rateBase, type TableTimes, type TimeOptions, timesOf } from './times.js';

export interface CsvOptions extends TimeOptions {
  /** one character; without it found from the rows */
  separator?: string;
  decimal?: Decimal;
  /** a WHATWG label: 'windows-1251' */
  encoding?: string;
}

/**
 * @param file its name, for messages
 * @throws MakaiError RECORDING_INVALID that names the line
 */
export function readCsv(bytes: Uint8Array, file: string, options: CsvOptions = {}): FileContent {
  const place = { file };
  const warnings = new Warnings();
  const { text } = decodeText(bytes, place, warnings, options.encoding);
  const table = findTable(text, place, options.separator, options.decimal);
  const { columns, preamble: above } = columnsOf(table, place);
  const rows = readRows(text, table, columns, place, warnings);
  const preamble = preambleOf(above);
  if (preamble.records !== undefined && preamble.records !== rows.count) {
    warnings.add(
      'records',
      place,
      `has ${rows.count} rows, its header announces ${preamble.records}: those that are there are read`,
    );
  }
  const stepped = startAndStep(columns, table);
  const times = stepped?.(rows) ?? timesOf(columns, rows, preamble, options, place, warnings);
  const read =
    times.start === undefined && preamble.start !== undefined ? { ...times, start: preamble.start } : times;
  const recordings = groupsOf(columns, rows).map((group): Recording => {
    if (times.seconds !== undefined)
      checkRising(times.seconds, group, (row) => lineOfRow(text, table, row), place);
    return recordingOf(columns, rows, read, group, preamble.metadata, times.start !== undefined);
  });
  return { format: 'csv', recordings, warnings: warnings.all };
}

/** Rows `from` to `to - 1`: one recording. */
interface Group {
  from: number;
  to: number;
  name: string;
  device: string;
}

/** `makai events export --csv` puts boxes and events below each other: columns event_id and box_id say which. */
function groupsOf(columns: readonly Column[], { count, values }: Rows): Group[] {
  const [events, boxes] = ['event_id', 'box_id'].map(
    (name) => values[columns.findIndex((column) => column.name === name)],
  );
  if (events === undefined || boxes === undefined) return [{ from: 0, to: count, name: '', device: '' }];
  const groups: Group[] = [];
  let from = 0;
  for (let row = 1; row <= count; row += 1) {
    if (row < count && events[row] === events[from] && boxes[row] === boxes[from]) continue;
    groups.push({
      from,
      to: row,
      name: `event ${events[from]} box ${boxes[from]}`,
      device: String(boxes[from]),
    });
    from = row;
  }
  return groups;
}

function checkRising(
  seconds: Float64Array,
  { from, to }: Group,
  lineOf: (row: number) => number,
  place: Place,
): void {
  for (let row = from; row < to; row += 1) {
    const time = seconds[row] ?? Number.NaN;
    const before = row > from ? (seconds[row - 1] ?? 0) : Number.NEGATIVE_INFINITY;
    if (time > before) continue;
    const what = Number.isNaN(time)
      ? 'it has no time'
      : `its time ${time} s does not rise above the ${before} s before it`;
    throw unreadable(
      { ...place, line: lineOf(row) },
      what,
      'Name another column of times (--time-column), or give --sample-rate.',
    );
  }
}

function recordingOf(
  columns: readonly Column[],
  { values }: Rows,
  { columns: timeColumns, seconds, rateHz, start, stepS }: TableTimes,
  { from, to, name, device }: Group,
  metadata: Record<string, string>,
  absolute: boolean,
): Recording {
  // times of a moment's own column count from it; those beside a header's moment are kept as they are
  const offset = absolute ? (seconds?.[from] ?? 0) : 0;
  const begins = start === undefined ? undefined : later(start, Math.round(offset / stepS) * stepS);
  const time: TimeBase =
    seconds === undefined
      ? rateBase(to - from, rateHz ?? 1)
      : { kind: 'timestamps', seconds: shifted(seconds.subarray(from, to), offset) };
  const analog = columns.flatMap((column): AnalogChannel[] => {
    const samples = values[column.index];
    if (samples === undefined || timeColumns.includes(column)) return [];
    return [
      {
        name: column.name,
        phase: '',
        component: '',
        unit: column.unit,
        samples: samples.subarray(from, to),
        scale: 1,
        offset: 0,
        time,
        skewS: 0,
      },
    ];
  });
  return {
    name,
    station: '',
    device,
    start: begins,
    nominalFrequencyHz: undefined,
    analog,
    digital: [],
    series: [],
    metadata,
  };
}

/** In place: each row is in one group. */
function shifted(seconds: Float64Array, by: number): Float64Array {
  if (by !== 0) for (let i = 0; i < seconds.length; i += 1) seconds[i] = (seconds[i] ?? 0) - by;
  return seconds;
}

/** Rigol: `X,CH1,Start,Increment` above `Sequence,Volt,-6e-3,1e-6`, and rows of sequence number and volts. */
function startAndStep(
  columns: readonly Column[],
  { above, separator }: Table,
): ((rows: Rows) => TableTimes) | undefined {
  const names = columns.map(({ name }) => name.toLowerCase());
  const [start, increment] = [names.indexOf('start'), names.indexOf('increment')];
  if (start < 0 || increment < 0) return undefined;
  const fields = above.at(-1)?.text.split(separator) ?? [];
  const [from, step] = [numberOf(fields[start]), numberOf(fields[increment])];
  const sequence = columns[0];
  if (from === undefined || step === undefined || !(step > 0) || sequence === undefined) return undefined;
  return ({ values }) => ({
    columns: [sequence, ...columns.filter(({ index }) => index === start || index === increment)],
    seconds: (values[sequence.index] ?? new Float64Array(0)).map((number) => from + number * step),
    rateHz: undefined,
    start: undefined,
    stepS: 1e-9,
  });
}
