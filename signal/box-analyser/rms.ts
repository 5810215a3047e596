/** True RMS over cycles and half cycles. Results have the unit of the samples (counts in, counts out; divide by the calibration constant for volts). */

/** RMS of `samples[from .. to)`: sqrt(Σ x² / n), direct component included, as IEC 61000-4-30 defines r.m.s.; NaN when empty. */
export function rms(samples: ArrayLike<number>, from = 0, to = samples.length): number {
  let sum = 0;
  for (let i = from; i < to; i += 1) {
    const x = samples[i] ?? Number.NaN;
    sum += x * x;
  }
  return Math.sqrt(sum / (to - from));
}

/** RMS of each whole cycle in a row; a rest shorter than a cycle is left out. */
export function cycleRms(samples: ArrayLike<number>, samplesPerCycle = 200): Float64Array {
  const cycles = Math.floor(samples.length / samplesPerCycle);
  const result = new Float64Array(cycles);
  for (let i = 0; i < cycles; i += 1)
    result[i] = rms(samples, i * samplesPerCycle, (i + 1) * samplesPerCycle);
  return result;
}

/**
 * Urms(1/2): RMS over one cycle, refreshed each half cycle (IEC 61000-4-30:2015, 3.27 and 5.4.1). Value i covers the cycle that begins
 * at `start + i · samplesPerCycle / 2`. The standard lets windows begin at a zero crossing of the fundamental:
 * give `start` from `firstRisingZero` for that; with a nominal frequency that is held the values are the same but for the phase.
 * @param samplesPerCycle even number of samples in a nominal cycle
 */
export function halfCycleRms(samples: ArrayLike<number>, samplesPerCycle = 200, start = 0): Float64Array {
  const step = samplesPerCycle / 2;
  const count = Math.max(0, Math.floor((samples.length - start - samplesPerCycle) / step) + 1);
  const result = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const from = start + i * step;
    result[i] = rms(samples, from, from + samplesPerCycle);
  }
  return result;
}

/** Index of the first sample at or above zero that follows one below zero, or 0 when there is none. */
export function firstRisingZero(samples: ArrayLike<number>): number {
  for (let i = 1; i < samples.length; i += 1) {
    if ((samples[i - 1] ?? 0) < 0 && (samples[i] ?? 0) >= 0) return i;
  }
  return 0;
}
