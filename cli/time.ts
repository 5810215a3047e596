/** Times on the command line, for every option that takes one, and as they are shown. What is not a time is refused: it is never shifted to another one. */
import { InvalidArgumentError } from 'commander';

/** Unix ms before this (March 1973) are Unix seconds of 1970 to 5138. */
const MIN_MS = 1e11;
/** Unix ms from here on (year 5138) are microseconds. */
const MAX_MS = 1e14;

const ISO = /^(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?$/i;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** The time, or why the text is none. */
export type ReadTime = { ms: number } | { problem: string };

/** ISO 8601 (UTC unless it has a time zone) or Unix milliseconds. */
export function readTime(text: string): ReadTime {
  if (/^\d+$/.test(text)) return unixMs(text);
  const match = ISO.exec(text);
  if (match === null) return { problem: 'expected a time such as 2026-11-01T10:00:00Z or Unix ms' };
  const [
    ,
    year = '',
    month = '',
    day = '01',
    hour = '00',
    minute = '00',
    second = '00',
    fraction = '',
    zone,
  ] = match;
  const dayMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const date = new Date(dayMs);
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day))
    return { problem: `there is no ${year}-${month}-${day}` };
  if (second === '60')
    return {
      problem: 'a leap second has no time of its own in Unix time: write the second before or after it',
    };
  const isMidnight = hour === '24' && minute === '00' && second === '00' && Number(`0${fraction}`) === 0;
  if ((Number(hour) > 23 && !isMidnight) || Number(minute) > 59 || Number(second) > 59)
    return { problem: `there is no ${hour}:${minute}:${second}` };
  const offsetMs = zoneMs(zone);
  if (offsetMs === undefined) return { problem: `${zone} is no time zone` };
  const clockMs = Number(hour) * HOUR_MS + Number(minute) * MINUTE_MS + Number(second) * 1000;
  return { ms: dayMs + clockMs + Math.floor(1000 * Number(`0${fraction}`)) - offsetMs };
}

/** Unix ms of `readTime`, for commander. */
export function time(text: string): number {
  const read = readTime(text);
  if ('ms' in read) return read.ms;
  throw new InvalidArgumentError(read.problem);
}

/** ISO 8601 in UTC. A box or a client may send any number as a time: what is no date is shown as the number. */
export function isoTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

function unixMs(text: string): ReadTime {
  const ms = Number(text);
  if (ms < MIN_MS)
    return {
      problem: `expected Unix milliseconds; ${text} would be ${text.length < 9 ? '1970' : 'seconds'}: write ${ms * 1000} if seconds are meant`,
    };
  if (ms >= MAX_MS) return { problem: 'expected Unix milliseconds; these are micro- or nanoseconds' };
  return { ms };
}

/** UTC where there is none. Zones are -12:00 to +14:00. */
function zoneMs(zone = 'Z'): number | undefined {
  if (zone.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 14 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * HOUR_MS + minutes * MINUTE_MS);
}
