/**
 * Numbers of the digital flickermeter: IEC 61000-4-15:2010, 5.3 to 5.5 and table 1 (weighting filters for the lamps of 230 V and 120 V systems, both for
 * 50 and 60 Hz), table 5 (its test).
 */

export type Lamp = 230 | 120;

export interface Weighting {
  /** gain and corner frequencies of k·ω1·s / (s² + 2λs + ω1²) · (1 + s/ω2) / ((1 + s/ω3)(1 + s/ω4)), Hz but for k */
  k: number;
  lambda: number;
  f1: number;
  f2: number;
  f3: number;
  f4: number;
  /** relative voltage change, peak to peak, of 8.8 Hz sinusoidal modulation that one in two people just sees: Pinst = 1 */
  reference: number;
}

export const WEIGHTING: Readonly<Record<Lamp, Weighting>> = {
  230: { k: 1.74802, lambda: 4.05981, f1: 9.15494, f2: 2.27979, f3: 1.22535, f4: 21.9, reference: 0.0025 },
  120: {
    k: 1.6357,
    lambda: 4.167375,
    f1: 9.077169,
    f2: 2.939902,
    f3: 1.394468,
    f4: 17.31512,
    reference: 0.00321,
  },
};

/** Hz at which the references hold. */
export const REFERENCE_HZ = 8.8;

/** Hz: first-order high-pass of block 3. */
export const HIGH_PASS_HZ = 0.05;
/** Hz: sixth-order Butterworth low-pass of block 3, by grid. */
export const LOW_PASS_HZ: Readonly<Record<50 | 60, number>> = { 50: 35, 60: 42 };
/** s: sliding mean of block 4. */
export const SLIDING_MEAN_S = 0.3;
/** s: block 1 follows the voltage; 10 to 90 % of a step in one minute. */
export const ADAPTOR_S = 60 / Math.log(9);

/** The lamp that is near a nominal voltage. */
export function lampOf(nominalVoltage: number): Lamp {
  return nominalVoltage < 175 ? 120 : 230;
}
