/**
 * Frequency deviations, judged by the half-second value: half a second of whole cycles around each cycle, so that a waveform of a few seconds
 * shows them. The standard's 10 s value is kept beside it where the waveform is long enough. Where the voltage has a step the phase may jump, which is no
 * change of frequency: values that reach over one are left out.
 */
import { frequencyValues, halfSecondFrequency } from '../fundamental/frequency.js';
import { ieeeDuration } from './ieee1159.js';
import { type RunMeasures, timeOf } from './run-measures.js';
import { type IncidentCandidate, type IncidentClass, rounded } from './types.js';

export interface FrequencyLimits {
  /** Hz off nominal that count; the existing analysis has 0.25 */
  deviation: number;
  /** Hz below nominal from which it is an interruption; the existing analysis has 2 */
  interruption: number;
}

export const FREQUENCY_LIMITS: FrequencyLimits = { deviation: 0.25, interruption: 2 };

/** Share of the limit by which the frequency must come back. */
const HYSTERESIS = 0.1;

export function frequencyIncidents(
  run: RunMeasures,
  limits: FrequencyLimits = FREQUENCY_LIMITS,
): IncidentCandidate[] {
  const { track, crossings, rate, nominalFrequency } = run;
  if (track === undefined) return [];
  const values = halfSecondFrequency(crossings, rate, nominalFrequency);
  const reach = crossings.at.length - values.length;
  const usable = usableValues(run, values.length, reach);
  const found: Span[] = [];
  let open: Span | undefined;
  let seen = false;
  for (let k = 0; k < values.length; k += 1) {
    if (usable[k] !== 1) continue;
    const off = (values[k] ?? 0) - nominalFrequency;
    if (open !== undefined) {
      const back = Math.sign(off) !== open.sign || Math.abs(off) < limits.deviation * (1 - HYSTERESIS);
      if (back) open = undefined;
      else {
        open.last = k;
        if (Math.abs(off) > Math.abs((values[open.worst] ?? 0) - nominalFrequency)) open.worst = k;
      }
    }
    if (open === undefined && Math.abs(off) > limits.deviation) {
      open = { first: k, last: k, worst: k, sign: Math.sign(off), openStart: !seen };
      found.push(open);
    }
    seen = true;
  }
  const lastUsable = usable.lastIndexOf(1);
  return found.map((span) => candidate(run, values, span, reach, span.last === lastUsable, limits));
}

interface Span {
  first: number;
  last: number;
  worst: number;
  sign: number;
  openStart: boolean;
}

/** 1 where the fundamental was sure all along the value's half second. */
function usableValues({ track, crossings: { at } }: RunMeasures, count: number, reach: number): Uint8Array {
  const usable = new Uint8Array(count);
  if (track === undefined) return usable;
  const { sure, firstPlace, hop } = track;
  const unsure = new Uint32Array(sure.length + 1);
  for (let m = 0; m < sure.length; m += 1) unsure[m + 1] = (unsure[m] ?? 0) + 1 - (sure[m] ?? 0);
  const index = (place: number): number =>
    Math.min(Math.max(Math.round((place - firstPlace) / hop), 0), sure.length);
  for (let k = 0; k < count; k += 1) {
    const from = index(at[k] ?? 0);
    const to = index(at[k + reach] ?? 0);
    usable[k] = (unsure[to] ?? 0) === (unsure[from] ?? 0) ? 1 : 0;
  }
  return usable;
}

function candidate(
  run: RunMeasures,
  values: Float64Array,
  span: Span,
  reach: number,
  openEnd: boolean,
  limits: FrequencyLimits,
): IncidentCandidate {
  const { crossings, rate, nominalFrequency, x } = run;
  const { at } = crossings;
  // a value stands for the middle of its half second: a step is passed there
  const middle = (k: number): number => ((at[k] ?? 0) + (at[k + reach] ?? 0)) / 2;
  const from = span.openStart ? 0 : middle(span.first);
  const to = openEnd ? x.length : middle(span.last + 1);
  const worst = values[span.worst] ?? Number.NaN;
  const name: IncidentClass =
    worst < nominalFrequency - limits.interruption
      ? 'FREQUENCY_INTERRUPTION'
      : worst < nominalFrequency
        ? 'FREQUENCY_SAG'
        : 'FREQUENCY_SWELL';
  const tens = frequencyValues(crossings, rate, x.length).filter((ten) => ten.from < to && ten.to > from);
  return {
    quantity: 'FREQUENCY',
    startMs: timeOf(run, from),
    endMs: timeOf(run, to),
    openStart: span.openStart,
    openEnd,
    deviation: rounded(worst - nominalFrequency),
    worst: rounded(worst, 7),
    classes: [name],
    ieeeDuration: ieeeDuration((to - from) / rate, nominalFrequency),
    metadata: {
      method: 'whole cycles between zero crossings over half a second',
      half_second_hz: rounded(worst, 7),
      worst_ms: timeOf(run, middle(span.worst)),
      limit_hz: limits.deviation,
      interruption_limit_hz: limits.interruption,
      ...(tens.length > 0 ? { ten_second_hz: tens.map(({ hz }) => rounded(hz, 7)) } : {}),
    },
  };
}
