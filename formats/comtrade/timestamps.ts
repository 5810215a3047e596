/** Dates, time codes and time quality of a CFG. */
import { type Moment, momentFromCalendar } from '../moment.js';
import { numberOf, wholeWithin } from '../numbers.js';
import { shown } from '../problems.js';
import type { ConfigLines } from './config-lines.js';

export interface Timestamp {
  moment: Moment | undefined;
  /** decimals of the second */
  decimals: number;
}

const DATE = /^(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4})$/;
const TIME = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,12}))?)?$/;

/**
 * `dd/mm/yyyy,hh:mm:ss.ssssss`; 1991: `mm/dd/yy`. Reading does not need it: where it is missing nothing is read, where it is no time there is
 * a warning.
 */
export function readStamp(lines: ConfigLines, revision: number, what: string): Timestamp | undefined {
  const [ahead] = lines.peek(1);
  if (ahead === undefined || ahead.length < 2) {
    lines.warn('no-time', `there is no ${what}`);
    return undefined;
  }
  const fields = lines.next(what);
  if (fields.every((field) => field === '')) {
    lines.warn('no-time', `there is no ${what}`);
    return undefined;
  }
  const [date = '', ...clock] = fields;
  const time = TIME.exec(clock.filter((field) => field !== '').join(','));
  const day = DATE.exec(date);
  const fraction = time?.[4] ?? '';
  const moment =
    day === null || time === null
      ? undefined
      : dated(lines, day, revision, [time[1], time[2], time[3] ?? '0', fraction.padEnd(9, '0').slice(0, 9)]);
  if (moment === undefined)
    lines.warn('bad-time', `"${shown(fields.join(','))}" is no ${what}: taken as not known`);
  return { moment, decimals: fraction.length };
}

function dated(
  lines: ConfigLines,
  [, first = '', second = '', third = '']: RegExpExecArray,
  revision: number,
  clock: readonly (string | undefined)[],
): Moment | undefined {
  const [hour = 0, minute = 0, seconds = 0, nanosecond = 0] = clock.map(Number);
  const at = (year: number, month: number, day: number) =>
    momentFromCalendar(year, month, day, hour, minute, seconds, nanosecond);
  if (first.length > 2) return at(Number(first), Number(second), Number(third));
  const year = third.length > 2 ? Number(third) : Number(third) + (Number(third) < 70 ? 2000 : 1900);
  const dayFirst = at(year, Number(second), Number(first));
  const monthFirst = at(year, Number(first), Number(second));
  const [belongs, other] = revision === 1991 ? [monthFirst, dayFirst] : [dayFirst, monthFirst];
  if (belongs === undefined && other !== undefined) {
    const order = revision === 1991 ? 'month/day' : 'day/month';
    lines.warn(
      'date-order',
      `"${first}/${second}/${third}" is no date as ${order}: read the other way round`,
    );
  }
  return belongs ?? other;
}

/** Offsets from UTC are below a day. */
const OFFSET = /^([+-]?)(\d{1,2})(?:h(\d{1,2}))?$/i;

/**
 * 2013: `time_code,local_code`, both as `-5h30`: how far the file's times and the recorder's place lie ahead of UTC. `x`: not known.
 * @returns what puts a moment into UTC
 */
export function readTimeCodes(lines: ConfigLines): ((moment: Moment) => Moment) | undefined {
  const fields = lines.optional();
  if (fields === undefined) return undefined;
  const [time, local] = [fields[0] ?? '', fields[1] ?? ''];
  const offset = offsetOf(time);
  const place = offsetOf(local);
  for (const [text, minutes] of [
    [time, offset],
    [local, place],
  ] as const) {
    if (minutes === undefined && text !== '' && !/^x$/i.test(text)) {
      lines.warn('time-code', `"${shown(text)}" is no offset from UTC: taken as not known`);
    }
  }
  if (offset === undefined) return undefined;
  return (moment) => ({
    ...moment,
    unixNs: moment.unixNs - BigInt(offset) * 60_000_000_000n,
    zone: 'known',
    utcOffsetMin: place ?? offset,
  });
}

function offsetOf(text: string): number | undefined {
  const found = OFFSET.exec(text);
  if (found === null) return undefined;
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? 0);
  if (minutes > 24 * 60) return undefined;
  return found[1] === '-' ? -minutes : minutes;
}

/** Time quality 1 to B (2013, 7.4.11): within 1 ns, 10 ns, ... 10 s of UTC. */
const WORST_QUALITY = 0xb;

/** 2013: `tmq_code,leapsec`. */
export function readTimeQuality(lines: ConfigLines): Partial<Moment> {
  const fields = lines.optional();
  if (fields === undefined) return {};
  const code = /^[0-9a-f]$/i.test(fields[0] ?? '') ? Number.parseInt(fields[0] ?? '', 16) : undefined;
  const leap = wholeWithin(fields[1], 0, 3);
  if (code === undefined && (fields[0] ?? '') !== '') {
    lines.warn('time-quality', `"${shown(fields[0] ?? '')}" is no time quality from 0 to F`);
  }
  if (code !== undefined && code > WORST_QUALITY) {
    lines.warn('time-quality', `time quality ${fields[0]}: the recorder's clock was not reliable`);
  }
  if (leap === undefined && numberOf(fields[1]) !== undefined) {
    lines.warn('leap-second', `"${shown(fields[1] ?? '')}" is no leap second indicator from 0 to 3`);
  }
  return {
    ...(code !== undefined &&
      code > 0 &&
      code <= WORST_QUALITY && { uncertaintyNs: 10n ** BigInt(code - 1) }),
    ...(leap !== undefined && { leapSecond: leap as 0 | 1 | 2 | 3 }),
  };
}

/** How far from UTC the clock of each code may be, ns: code 1 first. */
const WITHIN_NS = Array.from({ length: WORST_QUALITY }, (_, i) => 10n ** BigInt(i));

/** The code of a clock that is within `uncertaintyNs` of UTC; F (not reliable) where that is not known, since 0 would say "locked". */
export function timeQualityOf(uncertaintyNs: bigint | undefined): string {
  if (uncertaintyNs === undefined) return 'F';
  const best = WITHIN_NS.findIndex((withinNs) => uncertaintyNs <= withinNs);
  return best < 0 ? 'F' : (best + 1).toString(16).toUpperCase();
}
