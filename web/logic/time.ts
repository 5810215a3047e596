/** Points in time as text, in the viewer's zone or in UTC, always with the zone at hand. */

export type Zone = 'local' | 'utc';

interface Parts {
  date: string;
  time: string;
}

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');

function parts(ms: number, zone: Zone): Parts & { millis: string; seconds: string } {
  const t = new Date(ms);
  const utc = zone === 'utc';
  const year = utc ? t.getUTCFullYear() : t.getFullYear();
  const month = (utc ? t.getUTCMonth() : t.getMonth()) + 1;
  const day = utc ? t.getUTCDate() : t.getDate();
  const hour = utc ? t.getUTCHours() : t.getHours();
  const minute = utc ? t.getUTCMinutes() : t.getMinutes();
  return {
    date: `${pad(year, 4)}-${pad(month)}-${pad(day)}`,
    time: `${pad(hour)}:${pad(minute)}`,
    seconds: pad(t.getUTCSeconds()),
    millis: pad(t.getUTCMilliseconds(), 3),
  };
}

const isTime = (ms: number): boolean => Number.isFinite(ms) && Math.abs(ms) <= 8.64e15;

/** `2026-11-28 12:00:01.203`, as precise as asked; an en dash for what is no time. */
export function dateTime(
  ms: number,
  zone: Zone,
  precision: 'minute' | 'second' | 'millisecond' = 'second',
): string {
  if (!isTime(ms)) return '–';
  const p = parts(ms, zone);
  return `${p.date} ${clockOf(p, precision)}`;
}

/** `12:00:01`: where the day is clear. */
export function clock(
  ms: number,
  zone: Zone,
  precision: 'minute' | 'second' | 'millisecond' = 'second',
): string {
  return isTime(ms) ? clockOf(parts(ms, zone), precision) : '–';
}

/** `2026-11-28` */
export function date(ms: number, zone: Zone): string {
  return isTime(ms) ? parts(ms, zone).date : '–';
}

function clockOf(p: ReturnType<typeof parts>, precision: 'minute' | 'second' | 'millisecond'): string {
  if (precision === 'minute') return p.time;
  return precision === 'second' ? `${p.time}:${p.seconds}` : `${p.time}:${p.seconds}.${p.millis}`;
}

/** ISO 8601 UTC, for titles and files. */
export function iso(ms: number): string {
  return isTime(ms) ? new Date(ms).toISOString() : '–';
}

/** `UTC`, `UTC+1`, `UTC−3:30`: the zone's offset at that time. */
export function zoneName(ms: number, zone: Zone): string {
  if (zone === 'utc' || !isTime(ms)) return 'UTC';
  const minutes = -new Date(ms).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const size = Math.abs(minutes);
  const rest = size % 60;
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest === 0 ? '' : `:${pad(rest)}`}`;
}

/** What an input of type `datetime-local` holds, with seconds. */
export function toInput(ms: number, zone: Zone): string {
  return dateTime(ms, zone, 'second').replace(' ', 'T');
}

/** @returns undefined where the text is no time */
export function fromInput(text: string, zone: Zone): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/.exec(text.trim());
  if (match === null) return undefined;
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const millis = Number((match[7] ?? '').padEnd(3, '0'));
  const ms =
    zone === 'utc' ? Date.UTC(y, mo - 1, d, h, mi, s, millis) : +new Date(y, mo - 1, d, h, mi, s, millis);
  return Number.isFinite(ms) && mo >= 1 && mo <= 12 && d >= 1 && d <= 31 && h < 24 && mi < 60 && s < 60
    ? ms
    : undefined;
}

/** Start of the day that holds `ms`, in the zone. */
export function dayStart(ms: number, zone: Zone): number {
  if (zone === 'utc') return Math.floor(ms / 86_400_000) * 86_400_000;
  const t = new Date(ms);
  return +new Date(t.getFullYear(), t.getMonth(), t.getDate());
}

/** Start of the next day; days of a zone with summer time have 23 to 25 hours. */
export function nextDay(startMs: number, zone: Zone): number {
  return dayStart(startMs + 26 * 3_600_000, zone) > startMs
    ? dayStart(startMs + 26 * 3_600_000, zone)
    : startMs + 86_400_000;
}
