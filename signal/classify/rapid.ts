/** Rapid voltage changes as incidents: the fixed list of classes has none for them, so UNDEFINED with `metadata.class`. */

import { perUnit } from '../samples.js';
import type { Span } from '../voltage-events/edges.js';
import { rapidChanges } from '../voltage-events/rapid-change.js';
import { ieeeDuration } from './ieee1159.js';
import { type RunMeasures, timeOf } from './run-measures.js';
import { type IncidentCandidate, rounded } from './types.js';

/** s: a shorter waveform has no steady second before and behind a change in it, and half of one must do. */
const ENOUGH_S = 3;

export const RAPID_VOLTAGE_CHANGE = 'RAPID_VOLTAGE_CHANGE';

/** @param events sags and swells of the stretch: a change that is one of them is not reported twice */
export function rapidIncidents(
  run: RunMeasures,
  nominalVoltage: number,
  events: readonly Span[],
): IncidentCandidate[] {
  const { nominalFrequency, rate, crossings, x } = run;
  const { at } = crossings;
  const pu = perUnit(run.urms, nominalVoltage);
  const steadySeconds = x.length / rate >= ENOUGH_S ? 1 : 0.5;
  return rapidChanges(pu, { nominalFrequency, steadySeconds }).flatMap((change): IncidentCandidate[] => {
    const openEnd = change.steady === undefined;
    const from = at[change.first + 1] ?? 0;
    const to = openEnd ? x.length : (at[change.last + 1] ?? x.length);
    // the step out of a sag is a part of the sag
    const cycle = rate / nominalFrequency;
    const isEvent = events.some((event) => event.from - cycle < to && event.to + cycle > from);
    if (change.discarded || isEvent) return [];
    const deviation = change.max * nominalVoltage;
    return [
      {
        quantity: 'VOLTAGE',
        startMs: timeOf(run, from),
        endMs: timeOf(run, to),
        openStart: false,
        openEnd,
        deviation: rounded(deviation),
        worst: rounded(
          (meanBefore(pu, change.first, 2 * nominalFrequency * steadySeconds) + change.max) * nominalVoltage,
        ),
        classes: ['UNDEFINED'],
        ieeeDuration: ieeeDuration((to - from) / rate, nominalFrequency),
        metadata: {
          class: RAPID_VOLTAGE_CHANGE,
          method: 'IEC 61000-4-30, 5.11: threshold 5 % of nominal, hysteresis 50 %',
          steady_s: steadySeconds,
          delta_u_max_pu: rounded(change.max),
          ...(change.steady !== undefined ? { delta_u_steady_pu: rounded(change.steady) } : {}),
        },
      },
    ];
  });
}

function meanBefore(pu: Float64Array, first: number, count: number): number {
  const window = pu.subarray(Math.max(0, first - Math.round(count)), first);
  return window.reduce((sum, value) => sum + value, 0) / window.length;
}
