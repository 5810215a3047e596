/** When the rows of a table were taken: by a column of times, a rate that the user gives, or what stands above the table. */
import { type Moment, momentFromMs } from '../moment.js';
import { type Place, shown, unreadable } from '../problems.js';
import type { TimeBase } from '../recording.js';
import type { Warnings } from '../warnings.js';
import { type Column, columnList, columnNamed, isTime } from './columns.js';
import type { Preamble } from './preamble.js';
import type { Rows } from './rows.js';

export interface TimeOptions {
  /** Hz; without it a column of times, or the header, says it */
  sampleRate?: number;
  /** name or number (from 1 on) of the column of times; without it the first that is one by its name or unit */
  timeColumn?: string;
}

export interface TableTimes {
  /** columns that hold times, and so no values */
  columns: readonly Column[];
  /** seconds after `start`; undefined where a rate says it */
  seconds: Float64Array | undefined;
  rateHz: number | undefined;
  start: Moment | undefined;
  /** what `start` is exact to, s: Unix times in a double are to the microsecond */
  stepS: number;
}

/** Seconds from which on a time counts as Unix time: no recording lasts three years. */
const EPOCH_FROM_S = 1e8;
const SAME_RATE = 0.01;

/** @throws MakaiError where nothing says it, or a time is missing */
export function timesOf(
  columns: readonly Column[],
  rows: Rows,
  preamble: Preamble,
  options: TimeOptions,
  place: Place,
  warnings: Warnings,
): TableTimes {
  const times = columns.filter((column) => rows.values[column.index] !== undefined && isTime(column));
  const chosen =
    options.timeColumn === undefined
      ? options.sampleRate === undefined
        ? times[0]
        : undefined
      : columnNamed(columns, options.timeColumn, place, 'column of times');
  if (chosen === undefined) {
    const rateHz = options.sampleRate ?? preamble.sampleRateHz;
    if (rateHz === undefined) {
      throw unreadable(
        place,
        `no column of times; it has ${columnList(columns)}`,
        'Name the column of times (--time-column) or give the sampling rate (--sample-rate).',
      );
    }
    return { columns: times, seconds: undefined, rateHz, start: undefined, stepS: 1e-9 };
  }
  const read = fromColumn(chosen, rows, place, warnings);
  compare(read.seconds, options.sampleRate, 'the sampling rate that was given', place, warnings);
  compare(read.seconds, preamble.sampleRateHz, "the header's sampling rate", place, warnings);
  return { columns: [chosen, ...times], rateHz: undefined, ...read };
}

function fromColumn(
  column: Column,
  { values, origins }: Rows,
  place: Place,
  warnings: Warnings,
): Pick<TableTimes, 'start' | 'stepS'> & { seconds: Float64Array } {
  const times = values[column.index];
  if (times === undefined) throw unreadable(place, `the column of times ${shown(column.name)} holds text`);
  const origin = origins.get(column.index);
  if (origin !== undefined) return { seconds: times, start: origin, stepS: 1e-9 };
  const factor = unitFactor(column, place, warnings);
  const first = times[0] ?? Number.NaN;
  const isEpoch = first * factor >= EPOCH_FROM_S;
  const from = isEpoch ? first : 0;
  for (let i = 0; i < times.length; i += 1) times[i] = ((times[i] ?? 0) - from) * factor;
  return { seconds: times, start: isEpoch ? momentFromMs(first * factor * 1000) : undefined, stepS: 1e-6 };
}

function unitFactor({ name, unit, meaning }: Column, place: Place, warnings: Warnings): number {
  if (meaning?.quantity === 'time') return meaning.factor;
  if (unit !== '') {
    throw unreadable(
      place,
      `the column of times ${shown(name)} is in "${shown(unit)}", which is no unit of time that is known`,
      'Units of time: s, ms, us, ns, min, h.',
    );
  }
  warnings.add('time-unit', place, `the column of times ${shown(name)} has no unit: taken as seconds`);
  return 1;
}

/** A rate that is said besides the times. */
function compare(
  seconds: Float64Array,
  rateHz: number | undefined,
  what: string,
  place: Place,
  warnings: Warnings,
): void {
  const n = seconds.length;
  if (rateHz === undefined || n < 2) return;
  const given = (n - 1) / ((seconds[n - 1] ?? 0) - (seconds[0] ?? 0));
  if (Math.abs(given / rateHz - 1) <= SAME_RATE) return;
  warnings.add(
    'rate',
    place,
    `its times give ${Number(given.toPrecision(6))} Hz, ${what} is ${rateHz} Hz: the times are followed`,
  );
}

/** Rows that were taken together at a rate, as a time base. */
export function rateBase(count: number, rateHz: number, startS = 0): TimeBase {
  return { kind: 'rates', startS, sections: [{ count, rateHz }] };
}
