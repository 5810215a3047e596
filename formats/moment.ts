/** Moments to the nanosecond: a double holds Unix microseconds, but not the nanoseconds that COMTRADE 2013 gives. */

export interface Moment {
  /** Unix time, ns */
  unixNs: bigint;
  /** half the width of the interval in which it lies, ns; undefined where the file does not say */
  uncertaintyNs?: bigint;
  /**
   * `known`: UTC, or local time with its offset. `unknown`: the file gives a local time and no offset; `unixNs` then takes it for UTC and
   * the reader warns.
   */
  zone: 'known' | 'unknown';
  /** minutes that local time lies ahead of UTC, where the file says it; `unixNs` already has it taken off */
  utcOffsetMin?: number;
  /** COMTRADE 2013's indicator: 0 none in the recording, 1 one was added, 2 one was taken off, 3 the clock does not know */
  leapSecond?: 0 | 1 | 2 | 3;
}

/** @param ms Unix ms, fractions kept to the microsecond, which is what a double has at today's times */
export function momentFromMs(ms: number): Moment {
  const whole = Math.floor(ms);
  return {
    unixNs: BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1000)) * 1000n,
    zone: 'known',
  };
}

/** Unix ms with fractions, as exact as a double is (a quarter of a microsecond at today's times). */
export function momentToMs({ unixNs }: Moment): number {
  return Number(unixNs / 1_000_000n) + Number(unixNs % 1_000_000n) / 1e6;
}

/** The moment `seconds` later, rounded to the nanosecond. */
export function later(moment: Moment, seconds: number): Moment {
  if (seconds === 0) return moment;
  const copy: Moment = { ...moment };
  copy.unixNs += BigInt(Math.round(seconds * 1e9));
  return copy;
}

/**
 * Calendar to moment. Takes each field only within its bounds and only days that exist, so 31/02 is no date.
 * @param month 1 to 12
 * @param second 0 to 60 (60: a leap second, which Unix time counts as the next second's first)
 * @returns undefined for what is no date
 */
export function momentFromCalendar(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  nanosecond: number,
): Moment | undefined {
  const fields = [year, month, day, hour, minute, second, nanosecond];
  if (!fields.every(Number.isInteger)) return undefined;
  if (year < 1900 || year > 9999 || hour < 0 || hour > 23 || minute < 0 || minute > 59) return undefined;
  if (second < 0 || second > 60 || nanosecond < 0 || nanosecond > 999_999_999) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second;
  return { unixNs: BigInt(seconds) * 1_000_000_000n + BigInt(nanosecond), zone: 'unknown' };
}

/** ISO 8601 in UTC with as many decimals of the second as asked for: 3, 6 or 9; what is finer is cut off. */
export function momentText({ unixNs }: Moment, decimals: 3 | 6 | 9 = 6): string {
  const ns = ((unixNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const date = new Date(Number((unixNs - ns) / 1_000_000n));
  if (Number.isNaN(date.getTime())) return `${unixNs} ns`;
  return `${date.toISOString().slice(0, 19)}.${String(ns).padStart(9, '0').slice(0, decimals)}Z`;
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i;

/** ISO 8601 date and time; without an offset its zone is unknown and it is taken for UTC. */
export function isoMoment(field: string): Moment | undefined {
  const found = ISO.exec(field);
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second = '0', fraction = '', zone] = found;
  const moment = momentFromCalendar(
    Number(year),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(fraction.padEnd(9, '0').slice(0, 9)),
  );
  if (moment === undefined || zone === undefined) return moment;
  const offset = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone);
  const minutes =
    offset === null ? 0 : (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3] ?? 0));
  return {
    unixNs: moment.unixNs - BigInt(minutes) * 60_000_000_000n,
    zone: 'known',
    ...(offset !== null && { utcOffsetMin: minutes }),
  };
}
