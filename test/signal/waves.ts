/** Line voltage with known properties, for tests. */

export interface Wave {
  rate: number;
  seconds: number;
  /** Hz; a function of time (s) for one that moves */
  hz: number | ((t: number) => number);
  /** V RMS of the fundamental; a function of time for one that moves */
  volts?: number | ((t: number) => number);
  /** degrees at sample 0 */
  phase?: number;
  /** added to the phase, degrees, by time */
  jump?: (t: number) => number;
  /** [order, share of the fundamental's nominal amplitude, degrees] */
  harmonics?: readonly (readonly [number, number, number?])[];
  /** V */
  offset?: number;
  /** standard deviation of white noise, V */
  noise?: number;
  /** V a step of the converter */
  step?: number;
  /** whatever else, V */
  add?: (t: number, i: number) => number;
  seed?: number;
}

const NOMINAL = 120;

export function wave(spec: Wave): Float64Array {
  const { rate, seconds, hz, volts = NOMINAL, phase = 0, jump, harmonics = [] } = spec;
  const { offset = 0, noise = 0, step = 0, add, seed = 1 } = spec;
  const random = gaussian(seed);
  const x = new Float64Array(Math.round(rate * seconds));
  let turns = phase / 360;
  const still = typeof volts === 'number' ? volts : NOMINAL;
  for (let i = 0; i < x.length; i += 1) {
    const t = i / rate;
    const angle = 2 * Math.PI * (turns + (jump?.(t) ?? 0) / 360);
    let value = Math.SQRT2 * (typeof volts === 'number' ? volts : volts(t)) * Math.sin(angle);
    for (const [order, part, degrees = 0] of harmonics) {
      value += Math.SQRT2 * still * part * Math.sin(order * angle + (degrees * Math.PI) / 180);
    }
    value += offset + (add?.(t, i) ?? 0);
    if (noise > 0) value += noise * random();
    x[i] = step > 0 ? Math.round(value / step) * step : value;
    turns += (typeof hz === 'number' ? hz : hz(t)) / rate;
  }
  return x;
}

/** Normal numbers from a seed (xorshift and Box-Muller). */
export function gaussian(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  const uniform = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return (state + 0.5) / 4_294_967_296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** 1, and `residual` from time `from` to time `to`, with the edges between two samples. */
export function dip(rate: number, from: number, to: number, residual: number): (t: number) => number {
  const first = Math.round(from * rate) - 0.5;
  const last = Math.round(to * rate) - 0.5;
  return (t) => (t * rate > first && t * rate < last ? residual : 1);
}
