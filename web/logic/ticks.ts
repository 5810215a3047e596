/** Round places on a time axis, in the zone that is shown. */
import { clock, date, dayStart, nextDay, type Zone } from './time.js';

export interface Tick {
  ms: number;
  label: string;
}

/** ms */
const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000,
];
const DAY = 86_400_000;

/** @param count how many there may be at most, 1 or more */
export function timeTicks(fromMs: number, toMs: number, count: number, zone: Zone): Tick[] {
  const span = toMs - fromMs;
  if (!(span > 0)) return [];
  const step = STEPS.find((one) => span / one <= count);
  if (step === undefined) return dayTicks(fromMs, toMs, count, zone);
  const origin = dayStart(fromMs, zone);
  const ticks: Tick[] = [];
  for (let ms = origin + Math.ceil((fromMs - origin) / step) * step; ms <= toMs; ms += step) {
    const isDay = ms === dayStart(ms, zone);
    const precision = step < 1000 ? 'millisecond' : step < 60_000 ? 'second' : 'minute';
    ticks.push({ ms, label: isDay ? date(ms, zone).slice(5) : clock(ms, zone, precision) });
  }
  return ticks;
}

function dayTicks(fromMs: number, toMs: number, count: number, zone: Zone): Tick[] {
  const span = (toMs - fromMs) / DAY;
  const days =
    [1, 2, 7, 14, 30, 61, 91, 182, 365, 730].find((n) => span / n <= count) ??
    3650 * Math.ceil(span / count / 3650);
  const ticks: Tick[] = [];
  let ms = dayStart(fromMs, zone);
  let number = Math.floor(ms / DAY);
  while (ms <= toMs) {
    if (ms >= fromMs && number % days === 0) {
      ticks.push({ ms, label: days >= 30 ? date(ms, zone) : date(ms, zone).slice(5) });
    }
    ms = nextDay(ms, zone);
    number += 1;
  }
  return ticks;
}
