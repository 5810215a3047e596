/**
 * Transients, judged by what is left when fundamental and harmonics are taken off: IEEE 1159-2019, 4.2 (impulsive: one polarity; oscillatory: a ring of both), with the further
 * classes of the existing analysis (arcing, multiple zero crossings). ITIC's upper curve is compared with the instantaneous voltage over the nominal peak.
 */

import { measureTransient, signChanges, type TransientMeasure } from '../transients/measure.js';
import type { Span } from '../voltage-events/edges.js';
import { type MagnitudeTime, worstItic } from './itic.js';
import { type RunMeasures, timeOf } from './run-measures.js';
import { type IncidentCandidate, type IncidentClass, type Metadata, rounded } from './types.js';

/** Share of the wave's energy that a damped sine must explain, and periods that it must last. */
const RING_FIT = 0.7;
const RING_PERIODS = 3;
/** Sign changes of a wave without a ring from which it is arcing. */
const ARCING_CROSSINGS = 10;
/** Share of the energy on one side from which a wave has one polarity. */
const ONE_SIDED = 0.85;
/** An impulse may swing back a little: its peak is so many times the largest value of the other side. */
const DOMINANT = 1.3;
/** s: longer than this is no impulse. */
const IMPULSE_S = 0.005;
/** A sag or swell whose ramp takes 100 ms passes its limit up to so many cycles from the foot of the ramp. */
const RAMP_CYCLES = 3;

/** Where the voltage is notched, and how deep. */
export interface NotchingSpan extends Span {
  depth: number;
}

/** @param events sags and swells of the stretch */
export function transientIncidents(
  run: RunMeasures,
  nominalVoltage: number,
  events: readonly Span[],
  notching: readonly NotchingSpan[] = [],
): IncidentCandidate[] {
  const { differences, crossings, rate, x } = run;
  if (differences === undefined) return [];
  return run.transients.flatMap((span): IncidentCandidate[] => {
    const measure = measureTransient(x, differences, crossings.at, span, rate);
    if (explained(run, measure, span.floor, events) || edge(run, measure, events)) return [];
    // the edges of a notch fall now before, now behind a sample: no two cycles are the same
    const isNotch = notching.some(
      ({ from, to, depth }) => from < measure.to && to > measure.from && Math.abs(measure.peak) < 1.2 * depth,
    );
    return isNotch ? [] : [candidate(run, measure, nominalVoltage)];
  });
}

/**
 * A sag or swell of less than two cycles is in one cycle and not in its neighbours: it stands out as a transient would. What is left
 * without its part of the fundamental decides.
 */
function explained(
  run: RunMeasures,
  measure: TransientMeasure,
  floor: number,
  events: readonly Span[],
): boolean {
  const cycle = run.rate / (run.track?.frequency ?? run.nominalFrequency);
  const event = events.find(({ from, to }) => from < measure.to && to > measure.from);
  if (event === undefined || event.to - event.from > 2.3 * cycle) return false;
  // so long a piece of it is in no neighbour; what is much shorter is a pulse that is in the RMS too
  const length = event.to - event.from;
  const piece = length <= cycle ? length : 2 * cycle - length;
  if (measure.to - measure.from < 0.7 * piece) return false;
  const { wave } = measure;
  const omega = (2 * Math.PI) / cycle;
  let [cc, ss, cs, cx, sx] = [0, 0, 0, 0, 0];
  // at its ends a sample may lie half in the event, half outside
  const inEvent = (i: number): boolean =>
    i > 2 &&
    i < wave.length - 3 &&
    measure.from + i > event.from + cycle / 32 &&
    measure.from + i < event.to - cycle / 32 &&
    Math.abs(wave[i] ?? 0) > floor / 2;
  for (let i = 0; i < wave.length; i += 1) {
    if (!inEvent(i)) continue;
    const [c, s, value] = [Math.cos(omega * i), Math.sin(omega * i), wave[i] ?? 0];
    cc += c * c;
    ss += s * s;
    cs += c * s;
    cx += c * value;
    sx += s * value;
  }
  const det = cc * ss - cs * cs;
  if (!(det > 1e-9 * cc * cc)) return true;
  const [a, b] = [(cx * ss - sx * cs) / det, (sx * cc - cx * cs) / det];
  let left = 0;
  for (let i = 0; i < wave.length; i += 1) {
    if (!inEvent(i)) continue;
    left = Math.max(left, Math.abs((wave[i] ?? 0) - a * Math.cos(omega * i) - b * Math.sin(omega * i)));
  }
  return left < Math.max(floor, 0.2 * Math.abs(measure.peak));
}

/**
 * At the edge of a sag or swell what is smaller than half of its step, or than its phase jump, belongs to it: harmonics change there too. A phase jump at the foot of a ramp lies
 * cycles away from where the voltage passes the limit.
 */
function edge(
  { rate, track, urms, crossings, nominalFrequency, x }: RunMeasures,
  measure: TransientMeasure,
  events: readonly Span[],
): boolean {
  const cycle = rate / (track?.frequency ?? nominalFrequency);
  const distance = (place: number): number => Math.max(measure.from - place, place - measure.to, 0);
  const near = events
    .flatMap(({ from, to }) => [from, to])
    .reduce((best, place) => (distance(place) < distance(best) ? place : best), Number.POSITIVE_INFINITY);
  if (!(distance(near) < RAMP_CYCLES * cycle)) return false;
  const size = Math.abs(measure.peak);
  if (size < 1.2 * phaseStep(x, cycle, measure)) return true;
  if (distance(near) >= cycle) return false;
  const k = crossings.at.findIndex((place) => place >= near);
  const level = (i: number): number => urms[Math.min(Math.max(i, 0), urms.length - 1)] ?? 0;
  return size < (Math.abs(level(k - 4) - level(k + 2)) * Math.SQRT2) / 2;
}

/**
 * V: how far a phase jump alone moves the voltage at most, from the fundamental one to two cycles before and behind, or the first and last cycle of the stretch where that is nearer;
 * 0 where there is none to compare.
 */
function phaseStep(x: Float64Array, cycle: number, { from, to }: TransientMeasure): number {
  const before = phasorAt(x, cycle, Math.max(0, Math.round(from - 2 * cycle)));
  const last = x.length - Math.round(cycle);
  const behind = phasorAt(x, cycle, Math.min(last, Math.round(to + cycle)));
  const [a, b] = [Math.hypot(...before), Math.hypot(...behind)];
  if (Math.min(a, b) <= 0.1 * Math.max(a, b)) return 0;
  const cosine = (before[0] * behind[0] + before[1] * behind[1]) / (a * b);
  // |1 - e^(j phi)| = sqrt(2 - 2 cos phi)
  return Math.max(a, b) * Math.sqrt(Math.max(0, 2 - 2 * cosine));
}

/** The fundamental over one cycle from sample `from` on, its phase counted from sample 0; nothing where the cycle is not whole. */
function phasorAt(x: Float64Array, cycle: number, from: number): [number, number] {
  const length = Math.round(cycle);
  if (from < 0 || from + length > x.length) return [0, 0];
  const omega = (2 * Math.PI) / cycle;
  let [re, im] = [0, 0];
  for (let i = from; i < from + length; i += 1) {
    re += (x[i] ?? 0) * Math.cos(omega * i);
    im += (x[i] ?? 0) * Math.sin(omega * i);
  }
  return [(2 * re) / length, (2 * im) / length];
}

function candidate(run: RunMeasures, measure: TransientMeasure, nominalVoltage: number): IncidentCandidate {
  const nominalPeak = nominalVoltage * Math.SQRT2;
  const { classes, method } = kindOf(measure);
  const zeros = mainsCrossings(run, measure);
  if (zeros.found >= zeros.expected + 2) classes.push('MULTIPLE_ZERO_CROSSING_TRANSIENT');
  const itic = worstItic(excursions(run.x, measure, nominalPeak, run.rate));
  if (itic?.region === 'prohibited') classes.push('ITIC_PROHIBITED');
  const { ring } = measure;
  const metadata: Metadata = {
    method,
    peak_v: rounded(measure.peak),
    peak_pu: rounded(measure.peak / nominalPeak, 4),
    peak_ms: timeOf(run, measure.peakAt),
    instantaneous_v: rounded(measure.instantaneous),
    rise_s: rounded(measure.rise, 4),
    decay_s: rounded(measure.decay, 4),
    duration_s: rounded(measure.duration, 4),
    energy_v2s: rounded(measure.energy, 4),
    crossings: measure.crossings,
    ...(ring !== undefined &&
      ring.fit >= RING_FIT &&
      ring.periods >= 1 && {
        ring_hz: rounded(ring.frequency, 4),
        ring_damping_per_s: rounded(ring.damping, 4),
        ring_amplitude_v: rounded(ring.amplitude, 4),
        ring_fit: rounded(ring.fit, 3),
        ring_periods: rounded(ring.periods, 3),
        ...(classes.includes('OSCILLATORY_TRANSIENT') ? { ring_band: band(ring.frequency) } : {}),
      }),
    ...(itic !== undefined && {
      itic: {
        region: itic.region,
        percent: rounded(itic.point.pu * 100, 4),
        seconds: rounded(itic.point.seconds, 4),
        judged_by: 'instantaneous voltage over nominal peak',
        scale: nominalVoltage === 120 && run.nominalFrequency === 60 ? '120 V' : 'per unit',
      },
    }),
  };
  return {
    quantity: 'TRANSIENT',
    startMs: timeOf(run, measure.from),
    endMs: timeOf(run, measure.to),
    openStart: false,
    openEnd: false,
    deviation: rounded(measure.peak),
    worst: rounded(measure.peak),
    classes,
    ieeeDuration: 'UNDEFINED',
    metadata,
  };
}

function kindOf(measure: TransientMeasure): { classes: IncidentClass[]; method: string } {
  const { ring, crossings, oneSided, dominance, duration } = measure;
  if (ring !== undefined && ring.fit >= RING_FIT && ring.periods >= RING_PERIODS && crossings >= 4) {
    return { classes: ['OSCILLATORY_TRANSIENT'], method: 'a damped sine explains the wave' };
  }
  if (crossings >= ARCING_CROSSINGS) {
    return { classes: ['ARCING_TRANSIENT'], method: 'many sign changes, no ring' };
  }
  if (oneSided >= ONE_SIDED) {
    if (duration > IMPULSE_S)
      return { classes: ['UNIPOLAR_TRANSIENT'], method: 'one polarity, longer than an impulse' };
    return { classes: ['IMPULSIVE_TRANSIENT', 'UNIPOLAR_TRANSIENT'], method: 'one polarity' };
  }
  if (dominance >= DOMINANT && duration <= IMPULSE_S) {
    const method = 'one lobe dominates, what follows dies away immediately';
    return { classes: ['IMPULSIVE_TRANSIENT', 'BIPOLAR_TRANSIENT'], method };
  }
  return { classes: ['BIPOLAR_TRANSIENT'], method: 'both polarities, no ring' };
}

/** IEEE 1159-2019, table 2, by frequency. */
function band(hz: number): string {
  if (hz < 5000) return 'low frequency';
  return hz < 500_000 ? 'medium frequency' : 'high frequency';
}

/** Sign changes of the voltage around the transient, and those of its fundamental. */
function mainsCrossings(
  { x, crossings: { at }, differences, rate, nominalFrequency }: RunMeasures,
  { from, to }: TransientMeasure,
): { found: number; expected: number } {
  const quarter = rate / nominalFrequency / 4;
  const low = Math.max(0, Math.round(from - quarter));
  const high = Math.min(x.length, Math.round(to + quarter));
  const dead = 3 * (differences?.noise ?? 0) + 1e-9;
  let expected = 0;
  for (const place of at) if (place > low && place < high) expected += 1;
  return { found: signChanges(x.subarray(low, high), dead), expected };
}

/** Levels above the nominal peak, and how long the voltage stood beyond each at a stretch. */
function excursions(
  x: Float64Array,
  { from, to, instantaneous }: TransientMeasure,
  nominalPeak: number,
  rate: number,
): MagnitudeTime[] {
  const highest = instantaneous / nominalPeak;
  const points: MagnitudeTime[] = [];
  for (let i = 0; i < 32; i += 1) {
    const pu = highest - ((highest - 1.1) * i) / 32;
    if (!(pu > 1.1)) break;
    let longest = 0;
    let stretch = 0;
    for (let n = from; n < to; n += 1) {
      stretch = Math.abs(x[n] ?? 0) >= pu * nominalPeak - 1e-9 ? stretch + 1 : 0;
      longest = Math.max(longest, stretch);
    }
    points.push({ pu, seconds: longest / rate });
  }
  return points;
}
