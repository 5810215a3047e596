/**
 * When each sample of a stored waveform was taken. What is stored is one timestamp a cycle: when the cycle was read out, which is about its
 * end, late by a jitter of some ms. Boxes sample at a constant rate, so within a run of cycles without a gap the samples are spaced evenly, at
 * 12 kHz, and the run is laid where its cycles end at their timestamps on average. Where the timestamps say plainly otherwise (by more than
 * 5 %), the spacing is theirs.
 */

/** Samples `first` to `first + count - 1`; sample `first + j` was taken at `startMs + j * stepMs` (Unix ms, with fractions). */
export interface SampleRun {
  first: number;
  count: number;
  startMs: number;
  stepMs: number;
}

const NOMINAL_STEP_MS = 1000 / 12_000;
/** A step between two timestamps of more than this many cycles is a gap. */
const GAP_CYCLES = 1.5;
const RATE_TOLERANCE = 0.05;

/**
 * @param timestampsMs one a cycle, in order; cycles are taken to have equal numbers of samples
 * @param samples how many samples there are
 * @param firstTimestampMs timestamp of the first cycle, for waveforms that came without timestamps
 */
export function sampleRuns(
  timestampsMs: readonly number[],
  samples: number,
  firstTimestampMs: number,
): SampleRun[] {
  if (samples === 0) return [];
  if (timestampsMs.length === 0) {
    const stepMs = NOMINAL_STEP_MS;
    return [
      { first: 0, count: samples, startMs: firstTimestampMs - Math.min(samples - 1, 199) * stepMs, stepMs },
    ];
  }
  const perCycle = samples / timestampsMs.length;
  const stepMs = stepOf(timestampsMs, perCycle);
  const gapMs = GAP_CYCLES * perCycle * stepMs;
  const runs: SampleRun[] = [];
  let from = 0;
  for (let i = 1; i < timestampsMs.length; i += 1) {
    const step = (timestampsMs[i] ?? 0) - (timestampsMs[i - 1] ?? 0);
    if (step > 0 && step <= gapMs) continue;
    runs.push(runOf(timestampsMs, from, i, perCycle, stepMs));
    from = i;
  }
  runs.push(runOf(timestampsMs, from, timestampsMs.length, perCycle, stepMs));
  return runs;
}

/** Cycles `from` to `to - 1` as one run: on average over them, a cycle's last sample was taken at its timestamp. */
function runOf(
  timestampsMs: readonly number[],
  from: number,
  to: number,
  perCycle: number,
  stepMs: number,
): SampleRun {
  const first = Math.round(from * perCycle);
  const count = Math.round(to * perCycle) - first;
  let sum = 0;
  for (let i = from; i < to; i += 1) {
    sum += (timestampsMs[i] ?? 0) - ((i + 1) * perCycle - 1 - first) * stepMs;
  }
  return { first, count, startMs: sum / (to - from), stepMs };
}

/** Ms from one sample to the next: what boxes have, or what the timestamps say plainly. */
function stepOf(timestampsMs: readonly number[], perCycle: number): number {
  const nominalMs = perCycle * NOMINAL_STEP_MS;
  const isNominal = (cycleMs: number): boolean => Math.abs(cycleMs / nominalMs - 1) <= RATE_TOLERANCE;
  // Where the shortest and the longest are nominal, the median is. Sorting takes much longer.
  let shortest = Number.POSITIVE_INFINITY;
  let longest = Number.NEGATIVE_INFINITY;
  for (let i = AVERAGED; i < timestampsMs.length; i += 1) {
    const step = (timestampsMs[i] ?? 0) - (timestampsMs[i - AVERAGED] ?? 0);
    if (step < shortest) shortest = step;
    if (step > longest) longest = step;
  }
  if (isNominal(shortest / AVERAGED) && isNominal(longest / AVERAGED)) return NOMINAL_STEP_MS;
  const steps = stepsOf(timestampsMs);
  const cycleMs = steps.sort()[steps.length >> 1] ?? nominalMs;
  return isNominal(cycleMs) ? NOMINAL_STEP_MS : cycleMs / perCycle;
}

const AVERAGED = 10;

/** Steps between timestamps, each averaged over ten cycles because of the jitter; none where there are fewer. */
function stepsOf(timestampsMs: readonly number[]): Float64Array {
  const steps = new Float64Array(Math.max(0, timestampsMs.length - AVERAGED));
  for (let i = 0; i < steps.length; i += 1)
    steps[i] = ((timestampsMs[i + AVERAGED] ?? 0) - (timestampsMs[i] ?? 0)) / AVERAGED;
  return steps;
}
