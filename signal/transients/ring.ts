/**
 * Frequency and damping of a ring: the damped sine exp(-αt)·(a cos ωt + b sin ωt) that fits best. For given ω and α the best a and b are a linear
 * problem (variable projection: Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973), so only two numbers are searched: from the highest line of a spectrum on, by
 * steps that halve.
 */
import { RealTransform } from '../spectrum/fft.js';

export interface Ring {
  /** Hz */
  frequency: number;
  /** 1/s: the envelope is exp(-damping · t) */
  damping: number;
  /** of the envelope at the start, unit of the samples */
  amplitude: number;
  /** share of the wave's energy that the damped sine explains, 0 to 1 */
  fit: number;
  /** periods until the envelope is at a fifth, or the wave is at its end */
  periods: number;
}

const MAX_SAMPLES = 4096;

/** Undefined for fewer than eight samples, or where nothing rings below 0.45 of the rate. */
export function fitRing(whole: Float64Array, rate: number): Ring | undefined {
  const wave = whole.length > MAX_SAMPLES ? whole.subarray(0, MAX_SAMPLES) : whole;
  const n = wave.length;
  if (n < 8) return undefined;
  let energy = 0;
  for (const value of wave) energy += value * value;
  if (!(energy > 0)) return undefined;
  let omega = highestLine(wave);
  if (omega === undefined) return undefined;
  let alpha = 3 / n;
  let best = project(wave, omega, alpha);
  for (const candidate of [0.3, 1, 6, 12, 24]) {
    const found = project(wave, omega, candidate / n);
    if (found.error < best.error) {
      best = found;
      alpha = candidate / n;
    }
  }
  let stepOmega = Math.PI / n;
  let stepAlpha = alpha / 2;
  for (let round = 0; round < 40; round += 1) {
    let better = false;
    for (const [dw, da] of [
      [stepOmega, 0],
      [-stepOmega, 0],
      [0, stepAlpha],
      [0, -stepAlpha],
    ] as const) {
      if (omega + dw <= 0 || omega + dw > 0.95 * Math.PI || alpha + da < 0) continue;
      const found = project(wave, omega + dw, alpha + da);
      if (found.error >= best.error) continue;
      best = found;
      omega += dw;
      alpha += da;
      better = true;
    }
    if (!better) {
      stepOmega /= 2;
      stepAlpha /= 2;
    }
  }
  const frequency = (omega * rate) / (2 * Math.PI);
  const seconds = Math.min(n / rate, alpha > 0 ? Math.log(5) / (alpha * rate) : Number.POSITIVE_INFINITY);
  return {
    frequency,
    damping: alpha * rate,
    amplitude: Math.hypot(best.a, best.b),
    fit: Math.max(0, 1 - best.error / energy),
    periods: frequency * seconds,
  };
}

/** rad a sample */
function highestLine(wave: Float64Array): number | undefined {
  const length = 2 ** Math.max(6, Math.ceil(Math.log2(4 * wave.length)));
  const transform = new RealTransform(length);
  const padded = new Float64Array(length);
  padded.set(wave);
  transform.run(padded);
  let best = 0;
  let size = 0;
  for (let k = 1; k < 0.45 * length; k += 1) {
    const power = (transform.re[k] ?? 0) ** 2 + (transform.im[k] ?? 0) ** 2;
    if (power > size) {
      size = power;
      best = k;
    }
  }
  return best > 0 ? (2 * Math.PI * best) / length : undefined;
}

/** Best a and b by the normal equations, and what is left. */
function project(wave: Float64Array, omega: number, alpha: number): { a: number; b: number; error: number } {
  const decay = Math.exp(-alpha);
  const turnRe = decay * Math.cos(omega);
  const turnIm = decay * Math.sin(omega);
  let c = 1;
  let s = 0;
  let [cc, ss, cs, cx, sx, xx] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < wave.length; i += 1) {
    const x = wave[i] ?? 0;
    cc += c * c;
    ss += s * s;
    cs += c * s;
    cx += c * x;
    sx += s * x;
    xx += x * x;
    const next = c * turnRe - s * turnIm;
    s = c * turnIm + s * turnRe;
    c = next;
  }
  const det = cc * ss - cs * cs;
  if (!(det > 1e-12 * cc * cc)) return { a: 0, b: 0, error: xx };
  const a = (cx * ss - sx * cs) / det;
  const b = (sx * cc - cx * cs) / det;
  return { a, b, error: xx - a * cx - b * sx };
}
