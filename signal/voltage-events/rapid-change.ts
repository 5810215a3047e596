/**
 * Rapid voltage changes: a quick change from one steady voltage to another, too small for a sag or swell (IEC 61000-4-30:2015, 5.11). The voltage is
 * steady when all Urms(1/2) of the last second (100 at 50 Hz, 120 at 60 Hz) lie within the threshold around their mean. A change begins when the next
 * value does not; while it lasts the threshold is lowered by the hysteresis; it ends when the voltage is steady again.
 */

export interface RapidChange {
  /** Urms(1/2) values `first` to `last` lie in the change: `first` is the first outside, `last` the last one before the new steady second */
  first: number;
  last: number;
  /** largest difference from the mean before, signed, unit of the values */
  max: number;
  /** mean of the steady second behind less that before; undefined where the waveform ends first */
  steady: number | undefined;
  /** a value beyond the sag or swell threshold is in it: it is that, and no rapid change (5.11) */
  discarded: boolean;
}

export interface RapidChangeOptions {
  nominalFrequency: number;
  /** per unit of nominal; the standard leaves it to the user, 0.05 is its usual choice */
  threshold?: number;
  /** share of the threshold */
  hysteresis?: number;
  sag?: number;
  swell?: number;
  /** s that make a steady voltage; less than 1 is not the standard's, for waveforms that are too short for it */
  steadySeconds?: number;
}

/** @param urms Urms(1/2), per unit of nominal */
export function rapidChanges(urms: Float64Array, options: RapidChangeOptions): RapidChange[] {
  const { threshold = 0.05, hysteresis = 0.5, sag = 0.9, swell = 1.1, steadySeconds = 1 } = options;
  const second = Math.round(2 * options.nominalFrequency * steadySeconds);
  const found: RapidChange[] = [];
  const steady = new SteadyWindow(urms, second);
  let open: { change: RapidChange; before: number } | undefined;
  for (let k = 0; k < urms.length; k += 1) {
    const value = urms[k] ?? 0;
    if (open === undefined) {
      const mean = steady.mean;
      if (!steady.within(threshold) || Math.abs(value - mean) <= threshold) {
        steady.add(k);
        continue;
      }
      open = { change: { first: k, last: k, max: 0, steady: undefined, discarded: false }, before: mean };
      found.push(open.change);
    }
    steady.add(k);
    const { change, before } = open;
    change.last = k;
    if (Math.abs(value - before) > Math.abs(change.max)) change.max = value - before;
    if (value < sag || value > swell) change.discarded = true;
    if (k - change.first >= second && steady.within(threshold * (1 - hysteresis))) {
      change.last = k - second;
      change.steady = steady.mean - before;
      open = undefined;
    }
  }
  return found;
}

/** The last second of values: their mean, and whether all lie near it. */
class SteadyWindow {
  readonly #values: Float64Array;
  readonly #size: number;
  #end = 0;
  #sum = 0;

  constructor(values: Float64Array, size: number) {
    this.#values = values;
    this.#size = size;
  }

  get mean(): number {
    return this.#sum / Math.min(this.#end, this.#size);
  }

  add(k: number): void {
    this.#sum += this.#values[k] ?? 0;
    if (k >= this.#size) this.#sum -= this.#values[k - this.#size] ?? 0;
    this.#end = k + 1;
  }

  /** False while there is less than a second. */
  within(threshold: number): boolean {
    if (this.#end < this.#size) return false;
    const { mean } = this;
    // from the newest: what breaks the steadiness is mostly there
    for (let k = this.#end - 1; k >= this.#end - this.#size; k -= 1) {
      if (Math.abs((this.#values[k] ?? 0) - mean) > threshold) return false;
    }
    return true;
  }
}
