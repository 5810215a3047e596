/**
 * When a sag or swell really began and ended, finer than the half cycle of Urms(1/2). The mean square over one cycle, centred on a moment, lies
 * exactly half way between the levels before and behind when that moment is a step of the amplitude, whatever its point on wave: every
 * half cycle of a sine holds the same energy. So the moment where it passes the middle is the step. For events shorter than
 * one and a half cycles the window is half a cycle: it finds the step within a fifth of a cycle, as the whole one does where the phase jumps too.
 */
import { cycleLength, meanSquare } from '../levels/half-cycle.js';
import type { VoltageEvent } from './detect.js';

/** Moments in samples, fractional. */
export interface Span {
  from: number;
  to: number;
}

const STEPS = 48;
/** Share of a step by which the level may move in the cycle outside of it. */
const LEVEL = 0.12;

/**
 * @param sums running sum of squares of the waveform
 * @param at crossings of the fundamental
 * @param urms Urms(1/2), in the unit of the samples
 */
export function eventEdges(
  sums: Float64Array,
  at: Float64Array,
  event: Pick<VoltageEvent, 'kind' | 'first' | 'last' | 'openStart' | 'openEnd'>,
): Span {
  const samples = sums.length - 1;
  const start = event.openStart ? 0 : (at[event.first] ?? 0) + halfCycle(at, event.first) / 2;
  const end = event.openEnd ? samples : (at[event.last + 1] ?? samples) + halfCycle(at, event.last + 1) / 2;
  const usual = (2 * ((at[at.length - 1] ?? 0) - (at[0] ?? 0))) / (at.length - 1);
  const own = (at[event.first + 2] ?? 0) - (at[event.first] ?? 0);
  const cycle = cycleLength(at, event.first, own, usual);
  if (event.openStart || event.openEnd || end - start >= 1.6 * cycle) {
    const from = event.openStart ? 0 : settled(sums, start, cycle, -1);
    const to = event.openEnd ? samples : settled(sums, end, cycle, 1);
    return to > from ? { from, to } : { from: start, to: end };
  }
  return shortSpan(sums, start, end, cycle, event.kind);
}

function halfCycle(at: Float64Array, k: number): number {
  const i = Math.min(Math.max(k, 0), at.length - 2);
  return (at[i + 1] ?? 0) - (at[i] ?? 0);
}

/**
 * The step next to `near`; the second time the levels are taken a cycle from the step itself, not from where a threshold was passed. Where the voltage was not
 * level on the outer side (a slow fall, a slow recovery) there is no step, and the moment where the threshold was passed stands.
 * @param outer the event lies the other way: -1 at its start, 1 at its end
 */
function settled(sums: Float64Array, near: number, cycle: number, outer: -1 | 1): number {
  const found = step(sums, step(sums, near, cycle), cycle);
  const centred = (place: number): number => meanSquare(sums, place - cycle / 2, place + cycle / 2);
  const change = Math.abs(centred(found + cycle) - centred(found - cycle));
  const drift = Math.abs(centred(found + outer * cycle) - centred(found + outer * 2 * cycle));
  return drift > LEVEL * change || Math.abs(found - near) > 0.8 * cycle ? near : found;
}

/** Where the centred mean square passes the middle of its values a cycle before and a cycle behind, next to `near`. */
function step(sums: Float64Array, near: number, cycle: number): number {
  const centred = (place: number): number => meanSquare(sums, place - cycle / 2, place + cycle / 2);
  const before = centred(near - cycle);
  const behind = centred(near + cycle);
  const middle = (before + behind) / 2;
  let best = near;
  let last = before;
  for (let i = 1; i <= 2 * STEPS; i += 1) {
    const place = near - cycle + (i * cycle) / STEPS;
    const value = centred(place);
    if (last < middle !== value < middle) {
      const found = place - (cycle / STEPS) * ((value - middle) / (value - last));
      if (best === near || Math.abs(found - near) < Math.abs(best - near)) best = found;
    }
    last = value;
  }
  return best;
}

/** A short event: half-cycle windows, outwards from the worst one to the middle between it and the level before. */
function shortSpan(
  sums: Float64Array,
  start: number,
  end: number,
  cycle: number,
  kind: VoltageEvent['kind'],
): Span {
  const centred = (place: number): number => meanSquare(sums, place - cycle / 4, place + cycle / 4);
  const tick = cycle / STEPS;
  const low = start - cycle / 2;
  const high = end + cycle / 2;
  const before = meanSquare(sums, low - 1.5 * cycle, low - cycle / 2);
  const behind = meanSquare(sums, high + cycle / 2, high + 1.5 * cycle);
  const outside = Number.isNaN(before) ? behind : Number.isNaN(behind) ? before : (before + behind) / 2;
  let worst = (start + end) / 2;
  let level = centred(worst);
  for (let place = low; place <= high; place += tick) {
    const value = centred(place);
    if (kind === 'sag' ? value < level : value > level) {
      level = value;
      worst = place;
    }
  }
  const middle = (outside + level) / 2;
  const inside = (value: number): boolean => (kind === 'sag' ? value < middle : value > middle);
  let from = worst;
  while (from > low - cycle / 2 && inside(centred(from - tick))) from -= tick;
  let to = worst;
  while (to < high + cycle / 2 && inside(centred(to + tick))) to += tick;
  return { from, to };
}
