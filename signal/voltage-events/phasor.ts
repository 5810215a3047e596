/** Phase jump, point on wave and missing voltage of a sag or swell, from the fundamental before, in and behind it. */

import { type FundamentalTrack, turn } from '../fundamental/track.js';
import { medianInPlace } from '../samples.js';
import type { Span } from './edges.js';

const DEGREES = 180 / Math.PI;
/** Samples after which a turned pointer is set again. */
const FRESH_AFTER = 1024;

/** The fundamental as it went on before an event (or comes back behind it): a straight line through the phase. */
export interface Reference {
  /** peak, unit of the samples */
  amplitude: number;
  /** rad at a place, a straight line */
  phaseAt(place: number): number;
}

/**
 * The fundamental of up to six cycles before `place` (or behind it), left out the cycle next to it, where the filter sees both sides.
 * Undefined where there is less than one cycle of it.
 */
export function referenceBeside(
  track: FundamentalTrack,
  place: number,
  side: 'before' | 'behind',
): Reference | undefined {
  const cycle = track.rate / track.frequency;
  const near = side === 'before' ? place - 1.1 * cycle : place + 1.1 * cycle;
  const far = side === 'before' ? near - 6 * cycle : near + 6 * cycle;
  const low = Math.max(0, Math.ceil((Math.min(near, far) - track.firstPlace) / track.hop));
  const high = Math.min(
    track.phase.length - 1,
    Math.floor((Math.max(near, far) - track.firstPlace) / track.hop),
  );
  if ((high - low) * track.hop < 0.9 * cycle) return undefined;
  return lineThrough(track, low, high);
}

function lineThrough(track: FundamentalTrack, low: number, high: number): Reference | undefined {
  let n = 0;
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumXY = 0;
  let amplitude = 0;
  const origin = track.phase[low] ?? 0;
  for (let m = low; m <= high; m += 1) {
    if (track.sure[m] !== 1) continue;
    const x = m - low;
    const y = (track.phase[m] ?? 0) - origin;
    n += 1;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumXY += x * y;
    amplitude += track.amplitude[m] ?? 0;
  }
  if (n < 2) return undefined;
  const slope = (n * sumXY - sumX * sumY) / (n * sumXX - sumX * sumX);
  const start = (sumY - slope * sumX) / n + origin;
  const placeOf = track.firstPlace + low * track.hop;
  return {
    amplitude: amplitude / n,
    phaseAt: (place) => start + (slope * (place - placeOf)) / track.hop,
  };
}

/** Degrees of the fundamental at a moment, 0 to 360: 0 at its rising zero crossing, 90 at its crest (IEEE 1564, 4.3: point on wave). */
export function pointOnWave(reference: Reference, place: number): number {
  const degrees = (reference.phaseAt(place) * DEGREES) % 360;
  return degrees < 0 ? degrees + 360 : degrees;
}

/**
 * Degrees by which the phase in the event differs from that before it, -180 to 180; positive when it is ahead (IEEE 1564-2014, 4.2). The median of what lies
 * more than a cycle from both edges; of shorter events one cycle in their middle. Undefined where the event is shorter than a cycle or
 * has no fundamental to speak of.
 */
export function phaseJump(
  x: Float64Array,
  track: FundamentalTrack,
  reference: Reference,
  span: Span,
): number | undefined {
  const cycle = track.rate / track.frequency;
  const jumps = new Float64Array(placesWithin(track, span));
  let count = 0;
  for (let m = 0; m < track.phase.length; m += 1) {
    const place = track.firstPlace + m * track.hop;
    if (place < span.from + 1.05 * cycle || track.sure[m] !== 1) continue;
    if (place > span.to - 1.05 * cycle) break;
    jumps[count] = turn((track.phase[m] ?? 0) - reference.phaseAt(place));
    count += 1;
  }
  if (count > 0) {
    // around the first one, so that ±180° does not tear them apart
    const first = jumps[0] ?? 0;
    for (let i = 0; i < count; i += 1) jumps[i] = turn((jumps[i] ?? 0) - first);
    return turn(first + medianInPlace(jumps.subarray(0, count))) * DEGREES;
  }
  if (span.to - span.from < cycle) return undefined;
  const found = oneCycle(x, (span.from + span.to) / 2, cycle);
  if (found.amplitude < 0.05 * reference.amplitude) return undefined;
  return turn(found.phase - reference.phaseAt((span.from + span.to) / 2)) * DEGREES;
}

/** How many places of the track lie in the span, at most. */
function placesWithin({ hop, phase }: FundamentalTrack, { from, to }: Span): number {
  return Math.max(0, Math.min(phase.length, Math.ceil((to - from) / hop) + 1));
}

/** Amplitude and phase of the fundamental over one cycle around a place, by the transform's first line. */
function oneCycle(x: Float64Array, place: number, cycle: number): { amplitude: number; phase: number } {
  const count = Math.round(cycle);
  const from = Math.round(place - cycle / 2 + 0.5);
  let re = 0;
  let im = 0;
  for (let i = 0; i < count; i += 1) {
    const angle = (2 * Math.PI * (from + i - place)) / count;
    const value = x[from + i] ?? 0;
    re += value * Math.cos(angle);
    im -= value * Math.sin(angle);
  }
  return { amplitude: (2 * Math.hypot(re, im)) / count, phase: Math.atan2(im, re) + Math.PI / 2 };
}

/** What an event took away (or added), against the fundamental that went before: Bollen, Understanding Power Quality Problems, 4.6. */
export interface MissingVoltage {
  /** largest instantaneous difference, unit of the samples */
  peak: number;
  /** RMS of the difference over the event */
  rms: number;
  /** ∫ |difference| dt, unit of the samples times seconds */
  area: number;
}

/** Sample by sample: the reference less what was measured, over the span. */
export function missingVoltageWave(x: Float64Array, reference: Reference, span: Span): Float64Array {
  const { count, from } = samplesIn(x, span);
  const wave = new Float64Array(count);
  fillMissing(wave, x, reference, from);
  return wave;
}

function samplesIn(x: Float64Array, span: Span): { from: number; count: number } {
  const from = Math.max(0, Math.ceil(span.from));
  const to = Math.min(x.length, Math.floor(span.to) + 1);
  return { from, count: Math.max(0, to - from) };
}

/** The missing voltage from sample `from` on. */
function fillMissing(wave: Float64Array, x: Float64Array, reference: Reference, from: number): void {
  const { amplitude } = reference;
  // the phase is a straight line: a pointer is turned by a sample's part of it, and set again before rounding shows
  const step = (reference.phaseAt(from + FRESH_AFTER) - reference.phaseAt(from)) / FRESH_AFTER;
  const [turnRe, turnIm] = [Math.cos(step), Math.sin(step)];
  for (let begin = 0; begin < wave.length; begin += FRESH_AFTER) {
    const phase = reference.phaseAt(from + begin);
    let re = amplitude * Math.cos(phase);
    let im = amplitude * Math.sin(phase);
    const end = Math.min(wave.length, begin + FRESH_AFTER);
    for (let i = begin; i < end; i += 1) {
      wave[i] = im - (x[from + i] ?? 0);
      const next = re * turnRe - im * turnIm;
      im = im * turnRe + re * turnIm;
      re = next;
    }
  }
}

/** The numbers of `missingVoltageWave`. */
export function missingVoltage(
  x: Float64Array,
  rate: number,
  reference: Reference,
  span: Span,
): MissingVoltage {
  const { count, from } = samplesIn(x, span);
  // A sag may last minutes: a piece at a time.
  const room = new Float64Array(Math.min(count, 16 * FRESH_AFTER));
  let peak = 0;
  let squares = 0;
  let area = 0;
  for (let done = 0; done < count; done += room.length) {
    const wave = room.subarray(0, count - done);
    fillMissing(wave, x, reference, from + done);
    for (let i = 0; i < wave.length; i += 1) {
      const value = wave[i] ?? 0;
      const size = Math.abs(value);
      if (size > peak) peak = size;
      squares += value * value;
      area += size;
    }
  }
  return { peak, rms: count > 0 ? Math.sqrt(squares / count) : 0, area: area / rate };
}
