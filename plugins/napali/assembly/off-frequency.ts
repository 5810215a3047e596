// What a box's window of 200 samples at 12 kHz makes of a sine that has not 60 Hz: signal/box-analyser/off-frequency.ts, which says why.
// A test holds the two together.

const NEAR_HZ: f64 = 0.5;
const THD_RANGE_HZ: f64 = 1;

/** |s| of the ripple: RMS of single windows lies between sqrt(1 - s) and sqrt(1 + s). */
function ripple(frequency: f64): f64 {
  if (!(Math.abs(frequency - 60) > NEAR_HZ)) return 0;
  const omega = (2 * Math.PI * frequency) / 12_000;
  return Math.min(1, Math.abs(Math.sin(200 * omega) / (200 * Math.sin(omega))));
}

/** A lowest cycle less the ripple. */
export function lifted(min: f64, frequency: f64): f64 {
  const s = ripple(frequency);
  return s === 0 ? min : min / Math.sqrt(1 - s);
}

/** A highest cycle less the ripple. */
export function lowered(max: f64, frequency: f64): f64 {
  const s = ripple(frequency);
  return s === 0 ? max : max / Math.sqrt(1 + s);
}

/** What is to be added to a limit of THD; Infinity: it is not judged. */
export function thdAllowance(frequency: f64): f64 {
  const off = Math.abs(frequency - 60);
  if (!(off > NEAR_HZ)) return 0;
  if (off > THD_RANGE_HZ) return Infinity;
  const x = frequency / 60;
  let sum: f64 = 0;
  for (let order: f64 = 2; order <= 40; order += 1) {
    const line = 1 / (order - x) + 1 / (order + x);
    sum += line * line;
  }
  return Math.sqrt(sum) / (1 / Math.abs(1 - x) - 1 / (1 + x));
}
