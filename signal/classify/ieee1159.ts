/** Short- and long-duration variations by magnitude and duration: IEEE 1159-2019, table 2. */
import type { IeeeDuration, IncidentClass } from './types.js';

export interface Ieee1159 {
  class: Extract<
    IncidentClass,
    'VOLTAGE_SAG' | 'VOLTAGE_SWELL' | 'VOLTAGE_INTERRUPTION' | 'UNDERVOLTAGE' | 'OVERVOLTAGE' | 'UNDEFINED'
  >;
  duration: IeeeDuration;
  /** no row of the table holds it: the nearest was taken */
  outsideStandard: boolean;
}

/** Seconds from which a row begins. */
const MOMENTARY_CYCLES = 30;
const TEMPORARY_S = 3;
const SUSTAINED_S = 60;

/** Highest swell of each row, per unit. */
const SWELL_MAX: Readonly<Record<IeeeDuration, number>> = {
  INSTANTANEOUS: 1.8,
  MOMENTARY: 1.4,
  TEMPORARY: 1.2,
  SUSTAINED: 1.2,
  UNDEFINED: 0,
};

/** The row of a duration; UNDEFINED below half a cycle. */
export function ieeeDuration(seconds: number, nominalFrequency: number): IeeeDuration {
  const cycles = seconds * nominalFrequency;
  // half a cycle that was measured as a little less is one
  if (!(cycles >= 0.45)) return 'UNDEFINED';
  if (cycles <= MOMENTARY_CYCLES) return 'INSTANTANEOUS';
  if (seconds <= TEMPORARY_S) return 'MOMENTARY';
  return seconds <= SUSTAINED_S ? 'TEMPORARY' : 'SUSTAINED';
}

/**
 * @param pu the value farthest from nominal, per unit
 * @param seconds how long it lasted
 */
export function ieee1159(pu: number, seconds: number, nominalFrequency: number): Ieee1159 {
  const duration = ieeeDuration(seconds, nominalFrequency);
  const short = duration === 'UNDEFINED';
  if (pu < 0.1) {
    // interruptions have no instantaneous row
    const row = short || duration === 'INSTANTANEOUS' ? 'MOMENTARY' : duration;
    return { class: 'VOLTAGE_INTERRUPTION', duration: row, outsideStandard: short };
  }
  if (pu < 0.9) {
    if (duration === 'SUSTAINED') return { class: 'UNDERVOLTAGE', duration, outsideStandard: pu < 0.8 };
    return { class: 'VOLTAGE_SAG', duration: short ? 'INSTANTANEOUS' : duration, outsideStandard: short };
  }
  if (pu > 1.1) {
    const outsideStandard = short || pu > SWELL_MAX[duration];
    if (duration === 'SUSTAINED') return { class: 'OVERVOLTAGE', duration, outsideStandard };
    return { class: 'VOLTAGE_SWELL', duration: short ? 'INSTANTANEOUS' : duration, outsideStandard };
  }
  return { class: 'UNDEFINED', duration, outsideStandard: true };
}
