/** What a simulated box replays: numbered cycles of ADC counts at 12 kHz. */

/** An OPQ Box samples at 12 kHz and takes 200 samples (1/60 s) as one cycle, whatever the line frequency is. */
export const SAMPLE_RATE = 12_000;
export const SAMPLES_PER_CYCLE = 200;
export const CYCLES_PER_SECOND = SAMPLE_RATE / SAMPLES_PER_CYCLE;
/** milliseconds per cycle: 16⅔ */
export const CYCLE_MS = 1000 / CYCLES_PER_SECOND;

/** Default counts per volt: peaks up to 339 V fit in 16 bits. */
export const DEFAULT_CALIBRATION = 96.56;

/**
 * Cycles by number. The same number always gives the same counts. So a box only needs to remember which cycles are in its buffer, and
 * a thousand boxes can share one source.
 */
export interface CycleSource {
  /** description for logs */
  readonly description: string;
  /** cycles in one pass */
  readonly cycles: number;
  /** volts = count / calibrationConstant */
  readonly calibrationConstant: number;
  /**
   * The 200 counts of cycle `index`, 0 ≤ index < cycles. A view into the source: not to be changed.
   * @throws RangeError for an index outside
   */
  cycle(index: number): Int16Array;
}

/** A source over counts in memory. A remainder shorter than a cycle at the end is left out. */
export function memorySource(
  samples: Int16Array,
  calibrationConstant: number,
  description: string,
): CycleSource {
  const cycles = Math.floor(samples.length / SAMPLES_PER_CYCLE);
  if (cycles === 0)
    throw new RangeError(`${description}: shorter than one cycle of ${SAMPLES_PER_CYCLE} samples`);
  return {
    description,
    cycles,
    calibrationConstant,
    cycle(index) {
      checkIndex(index, cycles);
      return samples.subarray(index * SAMPLES_PER_CYCLE, (index + 1) * SAMPLES_PER_CYCLE);
    },
  };
}

/** @throws RangeError when `index` is not a cycle of a source of `cycles`. */
export function checkIndex(index: number, cycles: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= cycles) {
    throw new RangeError(`cycle ${index} of ${cycles}`);
  }
}

/** Volts to counts, rounded and clipped to 16 bits; `clipped` is the number of samples that did not fit. */
export function toCounts(
  volts: ArrayLike<number>,
  calibrationConstant: number,
): { counts: Int16Array; clipped: number } {
  const counts = new Int16Array(volts.length);
  let clipped = 0;
  for (let i = 0; i < volts.length; i += 1) {
    const count = Math.round((volts[i] ?? 0) * calibrationConstant);
    const held = Math.max(-32_768, Math.min(32_767, count));
    if (held !== count) clipped += 1;
    counts[i] = held;
  }
  return { counts, clipped };
}
