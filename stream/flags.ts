/**
 * Flags of measurements (IEC 61000-4-30:2015, 4.7): decided once, where a measurement enters, from its voltage against the box's reference. During a sag or a
 * swell and in the measurement after it (a box's filters reach a few cycles back) frequency, THD and transients mean little; below 10 % of nominal, nothing.
 * A flag for sag or swell ends when the deviation has lasted a minute, so that a wrong reference does not silence a box for good.
 *
 * State is kept in arrays by a box's slot: it is asked for each measurement, and an undisturbed one costs a few comparisons.
 */
import { FLAG_INTERRUPTION, FLAG_SAG, FLAG_SWELL, type MeasurementColumns } from '../proto/columns.js';
import { rippleAt } from '../signal/index.js';
import type { References } from '../store/reference.js';

/** Limits, as parts of the reference voltage. */
export interface FlagLimits {
  readonly sagBelow: number;
  readonly swellAbove: number;
  /** where frequency and THD have no meaning at all */
  readonly interruptionBelow: number;
  /** a sag or swell ends this far inside its limit */
  readonly hysteresis: number;
  /** a deviation that lasts longer is an undervoltage or overvoltage, and is not flagged, ms */
  readonly longMs: number;
}

/** Those of IEC 61000-4-30:2015, 5.4, and IEEE 1159-2019. */
export const FLAG_LIMITS: FlagLimits = {
  sagBelow: 0.9,
  swellAbove: 1.1,
  interruptionBelow: 0.1,
  hysteresis: 0.02,
  longMs: 60_000,
};

/** Measurements further apart than this do not belong to one deviation, ms. */
const GAP_MS = 60_000;
const FIRST_CAPACITY = 256;

/** Numbers of a slot, one cache line: limits in volts first. */
const SAG = 0;
const SWELL = 1;
/** lifts a Box 3's lowest cycle, and lowers its highest one, to true RMS where its windows do not fit the grid's frequency */
const LIFT = 2;
const LOWER = 3;
/**
 * STATES times the version of the references that the limits are from, plus 8 times what the voltage of the measurement before said, plus what that was
 * flagged with: in one number, so that one comparison says that the limits are right and nothing was wrong before.
 */
const BEFORE = 4;
const STATES = 64;
const STATE = 8;
/** box time of the last measurement that was not a good one, and since when there is a sag, a swell */
const LAST_MS = 5;
const SAG_MS = 6;
const SWELL_MS = 7;
const WIDTH = 8;

export class Flagger {
  readonly #limits: FlagLimits;
  readonly #references: References;
  #numbers = new Float64Array(0);

  constructor(references: References, limits: FlagLimits = FLAG_LIMITS) {
    this.#references = references;
    this.#limits = limits;
  }

  /**
   * Sets the flags of row `row`. Rows of one box come in the order in which they arrived.
   * @param slot the box's small number (triggering-service/ingest/box-table.ts)
   */
  judge(columns: MeasurementColumns, row: number, slot: number): void {
    const at = WIDTH * slot;
    if (at >= this.#numbers.length) this.#grow(slot);
    const calm = STATES * this.#references.version;
    let before = this.#numbers[at + BEFORE] ?? 0;
    if (before < calm || before >= calm + STATES)
      before = this.#look(at, columns.boxId[row] ?? 0, before, calm);
    const numbers = this.#numbers;
    const { average, max, min } = columns.rms;
    const mean = average[row] ?? Number.NaN;
    const low = Math.min(mean, (min[row] ?? mean) * (numbers[at + LIFT] ?? 1));
    const high = Math.max(mean, (max[row] ?? mean) * (numbers[at + LOWER] ?? 1));
    const isGood = low >= (numbers[at + SAG] ?? 0) && high <= (numbers[at + SWELL] ?? 0);
    // Without a voltage there is nothing to say, and what there was goes on.
    columns.flags[row] =
      (isGood && before === calm) || Number.isNaN(mean)
        ? 0
        : this.#judge(at, columns.timestampMs[row] ?? 0, low, high);
  }

  /** The slot may get another box. */
  forget(slot: number): void {
    if (WIDTH * slot < this.#numbers.length) this.#numbers[WIDTH * slot + BEFORE] = 0;
  }

  /** A deviation, or the first good measurement after one: that has the flags of the one before. */
  #judge(at: number, timeMs: number, low: number, high: number): number {
    const { hysteresis, interruptionBelow, longMs, sagBelow } = this.#limits;
    const numbers = this.#numbers;
    const voltage = (numbers[at + SAG] ?? 0) / sagBelow;
    const sinceMs = timeMs - (numbers[at + LAST_MS] ?? 0);
    const follows = sinceMs >= 0 && sinceMs <= GAP_MS;
    const last = (numbers[at + BEFORE] ?? 0) % STATES;
    const before = follows ? Math.floor(last / STATE) : 0;
    const back = hysteresis * voltage;
    let state = 0;
    if (low < interruptionBelow * voltage) state = FLAG_INTERRUPTION;
    else if (low < (numbers[at + SAG] ?? 0) + (before & FLAG_SAG ? back : 0)) state = FLAG_SAG;
    if (high > (numbers[at + SWELL] ?? 0) - (before & FLAG_SWELL ? back : 0)) state |= FLAG_SWELL;
    if (state & FLAG_SAG && !(before & FLAG_SAG)) numbers[at + SAG_MS] = timeMs;
    if (state & FLAG_SWELL && !(before & FLAG_SWELL)) numbers[at + SWELL_MS] = timeMs;
    let flags = state;
    if (timeMs - (numbers[at + SAG_MS] ?? 0) >= longMs) flags &= ~FLAG_SAG;
    if (timeMs - (numbers[at + SWELL_MS] ?? 0) >= longMs) flags &= ~FLAG_SWELL;
    const carried = state === 0 && follows ? last % STATE : 0;
    numbers[at + LAST_MS] = timeMs;
    numbers[at + BEFORE] = STATES * this.#references.version + STATE * state + flags;
    return flags | carried;
  }

  /** The box's limits. Its state stays, unless the slot was another box's. @returns the new number at BEFORE */
  #look(at: number, boxId: number, before: number, calm: number): number {
    const { sagBelow, swellAbove } = this.#limits;
    const numbers = this.#numbers;
    const { frequency, voltage } = this.#references.of(boxId);
    const ripple = rippleAt(frequency);
    numbers[at + SAG] = sagBelow * voltage;
    numbers[at + SWELL] = swellAbove * voltage;
    numbers[at + LIFT] = 1 / ripple.low;
    numbers[at + LOWER] = 1 / ripple.high;
    if (before === 0) numbers[at + LAST_MS] = Number.NEGATIVE_INFINITY;
    const next = calm + (before % STATES);
    numbers[at + BEFORE] = next;
    return next;
  }

  #grow(slot: number): void {
    const slots = Math.max(FIRST_CAPACITY, (2 * this.#numbers.length) / WIDTH, slot + 1);
    const numbers = new Float64Array(WIDTH * slots);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
