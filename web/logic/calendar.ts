/** Days of a range as months of weeks that begin on Monday. */
import { date, dayStart, nextDay, type Zone } from './time.js';

export interface Month {
  /** `2026-11` */
  name: string;
  /** starts of days, Unix ms; undefined: a day of another month */
  weeks: (number | undefined)[][];
}

const MAX_DAYS = 750;

/** Every whole month that the range touches; of ranges longer than two years the last two. */
export function monthsOf(fromMs: number, toMs: number, zone: Zone): Month[] {
  const months = new Map<string, Month>();
  const startMs = Math.max(fromMs, toMs - MAX_DAYS * 86_400_000);
  let day = dayStart(startMs, zone);
  while (date(day, zone).slice(8) !== '01') day = dayStart(day - 3_600_000, zone);
  const last = date(Math.max(fromMs, toMs - 1), zone).slice(0, 7);
  while (date(day, zone).slice(0, 7) <= last) {
    const name = date(day, zone).slice(0, 7);
    const month = months.get(name) ?? { name, weeks: [] };
    months.set(name, month);
    const weekday = weekdayOf(day, zone);
    let week = month.weeks.at(-1);
    if (week === undefined || weekday === 0) {
      week = Array.from({ length: 7 }, () => undefined);
      month.weeks.push(week);
    }
    week[weekday] = day;
    day = nextDay(day, zone);
  }
  return [...months.values()];
}

/** 0: Monday */
function weekdayOf(ms: number, zone: Zone): number {
  const noon = new Date(ms + 43_200_000);
  return ((zone === 'utc' ? noon.getUTCDay() : noon.getDay()) + 6) % 7;
}
