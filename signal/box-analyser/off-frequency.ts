/**
 * What a box's window of 200 samples at 12 kHz, one cycle at 60 Hz, makes of a sine of another frequency. The samples of one such window hold f/60
 * cycles, so its RMS depends on the phase at which it begins, and the fundamental leaks into the lines of the harmonics.
 */

/** The frequency that a box's windows are made for, Hz. */
export const WINDOW_FREQUENCY = 60;
const SAMPLES = 200;
const HIGHEST_ORDER = 40;

/** How far from 60 Hz THD is still judged: beyond, leakage alone reaches 3 % and more, and near a whole number of cycles in a box's window it has no bound. */
export const THD_RANGE_HZ = 1;
/** Closer to 60 Hz than this nothing is corrected, Hz: what a grid does each day. */
const NEAR_HZ = 0.5;

/** The lowest and the highest RMS of single windows, relative to the true one. */
export interface Ripple {
  low: number;
  high: number;
}

const NONE: Ripple = { low: 1, high: 1 };

/**
 * The ripple at a frequency, over all phases: the mean of sin²(ωn + φ) over N samples is ½ (1 − s cos(2φ')) with
 * s = sin(Nω) / (N sin ω), so that the RMS lies between sqrt(1 − |s|) and sqrt(1 + |s|). At 50 Hz: 0.914 and 1.080.
 * @param frequency Hz; NaN and what lies within half a hertz of 60: no ripple
 */
export function rippleAt(frequency: number): Ripple {
  if (!(Math.abs(frequency - WINDOW_FREQUENCY) > NEAR_HZ)) return NONE;
  const omega = (2 * Math.PI * frequency) / (SAMPLES * WINDOW_FREQUENCY);
  const s = Math.abs(Math.sin(SAMPLES * omega) / (SAMPLES * Math.sin(omega)));
  return { low: Math.sqrt(1 - Math.min(1, s)), high: Math.sqrt(1 + s) };
}

/**
 * The most THD that a sine alone shows, as a fraction: the spectral lines of a sine of x = f/60 cycles a window are proportional to 1/(h − x) and 1/(h + x)
 * (its two images), which add up at some phase, and the common factor cancels. 0 for NaN and at 60 Hz.
 * @param frequency Hz
 */
export function thdLeakageAt(frequency: number): number {
  const x = frequency / WINDOW_FREQUENCY;
  const off = Math.abs(1 - x);
  if (!(off > 0)) return 0;
  const fundamental = 1 / off - 1 / (1 + x);
  if (fundamental <= 0) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let order = 2; order <= HIGHEST_ORDER; order += 1)
    sum += (1 / Math.abs(order - x) + 1 / (order + x)) ** 2;
  return Math.sqrt(sum) / fundamental;
}

/**
 * What is to be added to a limit of THD, so that leakage alone does not pass it: 0 near 60 Hz, Infinity further than `THD_RANGE_HZ` from it, where THD is not
 * judged.
 * @param frequency Hz; NaN: not known, so nothing is added
 */
export function thdAllowanceAt(frequency: number): number {
  const off = Math.abs(frequency - WINDOW_FREQUENCY);
  if (!(off > NEAR_HZ)) return 0;
  return off > THD_RANGE_HZ ? Number.POSITIVE_INFINITY : thdLeakageAt(frequency);
}
