/** What is known of a sag or swell before it is judged: of one stretch, or joined over a gap. */
import { median, perUnit } from '../samples.js';
import {
  detectVoltageEvents,
  THRESHOLDS,
  type VoltageEvent,
  valuesBeyond,
} from '../voltage-events/detect.js';
import { eventEdges, type Span } from '../voltage-events/edges.js';
import {
  type MissingVoltage,
  missingVoltage,
  phaseJump,
  pointOnWave,
  referenceBeside,
} from '../voltage-events/phasor.js';
import type { MagnitudeTime } from './itic.js';
import { type RunMeasures, timeOf } from './run-measures.js';
import { type ShapeVerdict, sagShape } from './shape.js';

export interface VoltageFacts {
  kind: VoltageEvent['kind'];
  openStart: boolean;
  openEnd: boolean;
  /** Unix ms: when it really began and ended */
  startMs: number;
  endMs: number;
  /** as IEC 61000-4-30, 5.4.2 records it: start of the first Urms(1/2) beyond the threshold, end of the first one back */
  standardStartMs: number;
  standardEndMs: number;
  /** Urms(1/2) farthest from nominal, per unit, and when its cycle began */
  worstPu: number;
  worstMs: number;
  /** how long Urms(1/2) stood below the interruption's threshold, s, longest stretch */
  interruptedS: number;
  /** (threshold, longest time beyond it) of Urms(1/2) */
  pairs: MagnitudeTime[];
  shape: ShapeVerdict;
  pointOnWaveStart?: number;
  pointOnWaveEnd?: number;
  phaseJump?: number;
  missing?: MissingVoltage;
  /** ms lost in gaps within it */
  gapMs: number;
}

const SAG_LEVELS = [0.9, 0.8, 0.7, 0.5];
const SWELL_LEVELS = [1.1, 1.2, 1.4, 2];

export interface LocatedEvent {
  facts: VoltageFacts;
  /** in samples of its stretch */
  span: Span;
}

export function voltageFacts(run: RunMeasures, nominalVoltage: number): LocatedEvent[] {
  const pu = perUnit(run.urms, nominalVoltage);
  return detectVoltageEvents(pu).map((event) => located(run, pu, event));
}

function located(run: RunMeasures, pu: Float64Array, event: VoltageEvent): LocatedEvent {
  const { at } = run.crossings;
  const span = eventEdges(run.sums, at, event);
  const seconds = (values: number): number => values / (2 * frequencyOf(run));
  const pairs = (event.kind === 'sag' ? SAG_LEVELS : SWELL_LEVELS).flatMap((level) => {
    const { longest } = valuesBeyond(pu, event.kind, level, event.first, event.last);
    return longest > 0 ? [{ pu: level, seconds: seconds(longest) }] : [];
  });
  const interrupted = valuesBeyond(pu, 'sag', THRESHOLDS.interruption, event.first, event.last).longest;
  const facts: VoltageFacts = {
    kind: event.kind,
    openStart: event.openStart,
    openEnd: event.openEnd,
    startMs: timeOf(run, span.from),
    endMs: timeOf(run, span.to),
    standardStartMs: timeOf(run, event.openStart ? 0 : (at[event.first] ?? 0)),
    standardEndMs: timeOf(run, event.openEnd ? run.x.length : (at[event.last + 3] ?? run.x.length)),
    worstPu: pu[event.worst] ?? Number.NaN,
    worstMs: timeOf(run, at[event.worst] ?? 0),
    interruptedS: seconds(interrupted),
    pairs,
    shape: shapeOf(run, pu, event, span),
    gapMs: 0,
    ...phasorFacts(run, event, span),
  };
  return { facts, span };
}

function frequencyOf({ track, nominalFrequency }: RunMeasures): number {
  return track?.frequency ?? nominalFrequency;
}

function phasorFacts(run: RunMeasures, event: VoltageEvent, span: Span): Partial<VoltageFacts> {
  const { track, x, rate } = run;
  if (track === undefined) return {};
  const before = event.openStart ? undefined : referenceBeside(track, span.from, 'before');
  const behind = event.openEnd ? undefined : referenceBeside(track, span.to, 'behind');
  const jump = before === undefined ? undefined : phaseJump(x, track, before, span);
  return {
    ...(before !== undefined && { pointOnWaveStart: pointOnWave(before, span.from) }),
    ...(behind !== undefined && { pointOnWaveEnd: pointOnWave(behind, span.to) }),
    ...(jump !== undefined && { phaseJump: jump }),
    ...(before !== undefined && { missing: missingVoltage(x, rate, before, span) }),
  };
}

function shapeOf(run: RunMeasures, pu: Float64Array, event: VoltageEvent, span: Span): ShapeVerdict {
  if (event.kind !== 'sag' || event.openStart || event.openEnd) return { shape: 'unknown', confidence: 0 };
  const { at } = run.crossings;
  const slack = 0.06 * (run.rate / frequencyOf(run));
  let first = event.first;
  while (first < event.last && (at[first] ?? 0) < span.from - slack) first += 1;
  let last = event.last;
  while (last > first && (at[last + 2] ?? 0) > span.to + slack) last -= 1;
  const cycle = run.rate / frequencyOf(run);
  return sagShape({
    inside: pu.subarray(first, last + 1),
    before: median(pu.subarray(Math.max(0, event.first - 12), Math.max(1, event.first - 2))),
    secondHarmonic: secondHarmonic(run.x, span.from + cycle, cycle),
    secondHarmonicBefore: secondHarmonic(run.x, span.from - 5.2 * cycle, cycle),
  });
}

/** Second harmonic over fundamental, over four cycles from a place on. */
function secondHarmonic(x: Float64Array, from: number, cycle: number): number {
  const line = (order: number): number => {
    let re = 0;
    let im = 0;
    const first = Math.max(0, Math.round(from));
    const last = Math.min(x.length, first + Math.round(4 * cycle));
    // a pointer that is turned by a sample's angle: sine and cosine of each sample would cost more than all else of it
    const [turnRe, turnIm] = [
      Math.cos((2 * Math.PI * order) / cycle),
      Math.sin((2 * Math.PI * order) / cycle),
    ];
    let cos = 1;
    let sin = 0;
    for (let i = first; i < last; i += 1) {
      const value = x[i] ?? 0;
      re += value * cos;
      im += value * sin;
      const next = cos * turnRe - sin * turnIm;
      sin = sin * turnRe + cos * turnIm;
      cos = next;
    }
    return Math.hypot(re, im);
  };
  const fundamental = line(1);
  return fundamental > 0 ? line(2) / fundamental : 0;
}

/** One disturbance that a gap cut in two: the parts touch the gap on both sides. */
export function joinFacts(a: VoltageFacts, b: VoltageFacts): VoltageFacts {
  const worse = a.kind === 'sag' ? a.worstPu <= b.worstPu : a.worstPu >= b.worstPu;
  const { pointOnWaveEnd: _, ...worst } = worse ? a : b;
  return {
    ...worst,
    startMs: a.startMs,
    endMs: b.endMs,
    standardStartMs: a.standardStartMs,
    standardEndMs: b.standardEndMs,
    openStart: a.openStart,
    openEnd: b.openEnd,
    interruptedS: a.interruptedS + b.interruptedS,
    pairs: joinPairs(a.pairs, b.pairs),
    shape: { shape: 'unknown', confidence: 0 },
    gapMs: a.gapMs + b.gapMs + (b.startMs - a.endMs),
    ...(a.pointOnWaveStart !== undefined && { pointOnWaveStart: a.pointOnWaveStart }),
    ...(b.pointOnWaveEnd !== undefined && { pointOnWaveEnd: b.pointOnWaveEnd }),
  };
}

function joinPairs(a: readonly MagnitudeTime[], b: readonly MagnitudeTime[]): MagnitudeTime[] {
  const levels = new Set([...a, ...b].map(({ pu }) => pu));
  const timeOfLevel = (pairs: readonly MagnitudeTime[], level: number): number =>
    pairs.find(({ pu }) => pu === level)?.seconds ?? 0;
  return [...levels].map((pu) => ({ pu, seconds: timeOfLevel(a, pu) + timeOfLevel(b, pu) }));
}
