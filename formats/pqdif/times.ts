/** PQDIF's timestamps: days since 1900-01-01, UTC, and seconds since midnight. */
import type { Moment } from '../moment.js';

/** Days from 1900-01-01 to 1970-01-01. */
const EPOCH_DAYS = 25_567;
/** 9999-12-31 */
const LAST_DAY = 2_958_463;
const DAY_NS = 86_400_000_000_000n;

export interface Timestamp {
  day: number;
  seconds: number;
}

/** What our writer puts where a time must stand and none is known. */
export const NO_TIME: Timestamp = { day: 0, seconds: 0 };

/** The moment of a timestamp; undefined for one that is none: day 0 or past the year 9999, seconds that no day has. */
export function momentOf({ day, seconds }: Timestamp): Moment | undefined {
  // A second that rounds up to midnight, or a leap second, is still of this day.
  if (day < 1 || day > LAST_DAY || !(seconds >= 0 && seconds < 86_401)) return undefined;
  return { unixNs: BigInt(day - EPOCH_DAYS) * DAY_NS + BigInt(Math.round(seconds * 1e9)), zone: 'known' };
}

export function stampOf(moment: Moment | undefined): Timestamp {
  if (moment === undefined) return NO_TIME;
  const { unixNs } = moment;
  let day = unixNs / DAY_NS;
  if (day * DAY_NS > unixNs) day -= 1n;
  return { day: Number(day) + EPOCH_DAYS, seconds: Number(unixNs - day * DAY_NS) / 1e9 };
}
