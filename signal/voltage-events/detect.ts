/**
 * Sags (the standard: dips), swells and interruptions from Urms(1/2), with hysteresis: IEC 61000-4-30:2015, 5.4.2, 5.4.3 and 5.5. A sag begins when
 * Urms(1/2) falls below its threshold and ends when it is at or above threshold plus hysteresis; a swell the other way round.
 */

export type VoltageEventKind = 'sag' | 'swell';

export interface Thresholds {
  /** per unit of nominal */
  sag: number;
  swell: number;
  interruption: number;
  hysteresis: number;
}

/** Thresholds of IEEE 1159-2019 (0.9, 1.1, 0.1) and the 2 % hysteresis that IEC 61000-4-30 calls typical. */
export const THRESHOLDS: Thresholds = { sag: 0.9, swell: 1.1, interruption: 0.1, hysteresis: 0.02 };

/** Values `first` to `last` of Urms(1/2) belong to the event. */
export interface VoltageEvent {
  kind: VoltageEventKind;
  first: number;
  last: number;
  /** value that lies farthest from nominal */
  worst: number;
  /** no value before the first, or behind the last, shows the voltage outside the event */
  openStart: boolean;
  openEnd: boolean;
}

/** Events in order. @param urms Urms(1/2), per unit of nominal */
export function detectVoltageEvents(urms: Float64Array, thresholds: Thresholds = THRESHOLDS): VoltageEvent[] {
  const { sag, swell, hysteresis } = thresholds;
  const events: VoltageEvent[] = [];
  let open: VoltageEvent | undefined;
  for (let k = 0; k < urms.length; k += 1) {
    const value = urms[k] ?? 0;
    if (open !== undefined) {
      const over = open.kind === 'sag' ? value >= sag + hysteresis : value <= swell - hysteresis;
      if (!over) {
        open.last = k;
        const worst = urms[open.worst] ?? 0;
        if (open.kind === 'sag' ? value < worst : value > worst) open.worst = k;
        continue;
      }
      open.openEnd = false;
      open = undefined;
    }
    const kind = value < sag ? 'sag' : value > swell ? 'swell' : undefined;
    if (kind === undefined) continue;
    open = { kind, first: k, last: k, worst: k, openStart: k === 0, openEnd: true };
    events.push(open);
  }
  return events;
}

/** How long, in values, Urms(1/2) stays on the wrong side of `level` between two values: the longest stretch and the sum. */
export function valuesBeyond(
  urms: Float64Array,
  kind: VoltageEventKind,
  level: number,
  first = 0,
  last = urms.length - 1,
): { longest: number; sum: number } {
  let longest = 0;
  let sum = 0;
  let stretch = 0;
  for (let k = first; k <= last; k += 1) {
    const value = urms[k] ?? 0;
    const beyond = kind === 'sag' ? value < level : value > level;
    stretch = beyond ? stretch + 1 : 0;
    if (beyond) sum += 1;
    longest = Math.max(longest, stretch);
  }
  return { longest, sum };
}
