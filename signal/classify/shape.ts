/**
 * The shape of a sag, with how sure it is (0 to 1). After Bollen, Understanding Power Quality Problems (IEEE Press, 2000), 4.8 (motors), 6.2 (multi-stage) and Styvaktakis,
 * Automating Power Quality Analysis (Chalmers, 2002), 4: a fault is rectangular or has stages; the start of a motor falls suddenly and recovers
 * slowly; energising a transformer does so too, with a second harmonic.
 */
import { rangeOf } from './plausible.js';

export type SagShape =
  | 'rectangular'
  | 'motor start'
  | 'multi-stage'
  | 'transformer energising'
  | 'irregular'
  | 'unknown';

export interface ShapeVerdict {
  shape: SagShape;
  confidence: number;
}

export interface ShapeInput {
  /** Urms(1/2), per unit, of the windows that lie wholly within the event, a half cycle apart */
  inside: Float64Array;
  /** level before, per unit */
  before: number;
  /** second harmonic over the fundamental in the first cycles of the event, and before it */
  secondHarmonic: number;
  secondHarmonicBefore: number;
}

/** Steps of Urms(1/2) below this are noise, per unit. */
const NOISE_STEP = 0.003;
/** Fewer values than this (three cycles) have no shape. */
const MIN_VALUES = 5;

export function sagShape(input: ShapeInput): ShapeVerdict {
  const { inside, before } = input;
  if (inside.length < MIN_VALUES) return { shape: 'unknown', confidence: 0 };
  const { low: lowest, high: highest } = rangeOf(inside);
  const depth = Math.max(before - lowest, 0.01);
  const range = highest - lowest;
  if (range <= Math.max(0.2 * depth, 4 * NOISE_STEP)) {
    return { shape: 'rectangular', confidence: share(1 - range / depth) };
  }
  const staged = stages(inside);
  const slow = recovery(inside, depth);
  if (staged > 0.75 && staged >= slow) return { shape: 'multi-stage', confidence: share(staged) };
  if (slow > 0.5) {
    const { secondHarmonic, secondHarmonicBefore } = input;
    const transformer = secondHarmonic > 0.02 && secondHarmonic > 3 * secondHarmonicBefore;
    if (!transformer) return { shape: 'motor start', confidence: share(slow) };
    return { shape: 'transformer energising', confidence: share(slow * Math.min(1, secondHarmonic / 0.04)) };
  }
  return { shape: 'irregular', confidence: share(1 - Math.max(staged, slow)) };
}

function share(value: number): number {
  return Math.round(100 * Math.min(1, Math.max(0, value))) / 100;
}

/** Share of all change that happens in steps of a cycle between levels that hold for two; 0 where there is but one level. */
function stages(values: Float64Array): number {
  let total = 0;
  let inSteps = 0;
  let levels = 1;
  for (let k = 1; k < values.length; k += 1) {
    const change = Math.abs((values[k] ?? 0) - (values[k - 1] ?? 0));
    if (change > NOISE_STEP) total += change;
  }
  for (let k = 4; k + 4 <= values.length; ) {
    // two cycles before, two behind, a cycle of change between them
    const left = spread(values, k - 4, k);
    const right = spread(values, Math.min(k + 2, values.length - 4), Math.min(k + 6, values.length));
    const step = Math.abs(left.mean - right.mean);
    if (step >= 0.05 && left.range < 0.2 * step && right.range < 0.2 * step) {
      levels += 1;
      inSteps += step;
      k += 4;
    } else k += 1;
  }
  return levels > 1 && total > 0 ? Math.min(1, inSteps / total) : 0;
}

function spread(values: Float64Array, from: number, to: number): { mean: number; range: number } {
  const piece = values.subarray(from, to);
  return {
    mean: piece.reduce((sum, value) => sum + value, 0) / piece.length,
    range: Math.max(...piece) - Math.min(...piece),
  };
}

/** How much like a sudden fall and a slow way back: lowest early, rising throughout, by no sudden step. */
function recovery(values: Float64Array, depth: number): number {
  const lowestAt = values.indexOf(rangeOf(values).low);
  if (lowestAt > values.length * 0.25) return 0;
  const rise = (values[values.length - 1] ?? 0) - (values[lowestAt] ?? 0);
  if (rise < 0.3 * depth) return 0;
  let up = 0;
  let down = 0;
  let largest = 0;
  for (let k = lowestAt + 1; k < values.length; k += 1) {
    const change = (values[k] ?? 0) - (values[k - 1] ?? 0);
    if (change > 0) up += change;
    else if (change < -NOISE_STEP) down -= change;
    largest = Math.max(
      largest,
      change + Math.max(0, (values[k - 1] ?? 0) - (values[k - 2] ?? values[k - 1] ?? 0)),
    );
  }
  const monotone = up / (up + 2 * down);
  const sudden = Math.max(0, largest / rise - 0.35);
  return monotone * (1 - Math.min(1, sudden * 1.5));
}
