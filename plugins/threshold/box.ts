/** What is open on one box, and how its measurements are judged. */
import { rippleAt, thdAllowanceAt } from '../../signal/index.js';
import type { MeasurementColumns } from '../sdk/plugin.js';
import { Excursion, type ExcursionOptions, type Slice } from './excursion.js';
import type { Limits } from './limits.js';

const lower = (a: number, b: number): boolean => a < b;
const higher = (a: number, b: number): boolean => a > b;

/** For its first seconds a Box 3 sends no frequency. Without one, THD of a box that was heard no longer than this is not judged, ms. */
const WARM_UP_MS = 10_000;
/** A frequency this near the reference is the reference, as far as windows are concerned, Hz. */
const NEAR_HZ = 0.5;

export class Box {
  readonly vSag: Excursion;
  readonly vSwell: Excursion;
  readonly #fSag: Excursion;
  readonly #fSwell: Excursion;
  readonly #thd: Excursion;
  readonly all: readonly Excursion[];
  limits: Limits;
  /** not heard for so long, it is silent, ms */
  readonly silenceMs: number;
  /** when the limits were looked up, and when the last measurement came, by our clock */
  limitsAtMs: number;
  heardMs: number;
  /** a voltage that stands outside has been called by its long name; when it was last reported as suspect, by our clock */
  isLong = false;
  suspectedMs = Number.NEGATIVE_INFINITY;
  #firstMs = Number.NaN;
  #lastMs = Number.NEGATIVE_INFINITY;
  #lastRms = Number.NaN;
  #lastHz = Number.NaN;
  #frequency = Number.NaN;

  constructor(options: ExcursionOptions, limits: Limits, nowMs: number) {
    this.limits = limits;
    this.silenceMs = options.silenceMs;
    this.limitsAtMs = nowMs;
    this.heardMs = nowMs;
    this.#fSag = new Excursion('FREQUENCY_SAG', options);
    this.#fSwell = new Excursion('FREQUENCY_SWELL', options);
    this.vSag = new Excursion('VOLTAGE_SAG', options);
    this.vSwell = new Excursion('VOLTAGE_SWELL', options);
    this.#thd = new Excursion('OTHER', options);
    this.all = [this.#fSag, this.#fSwell, this.vSag, this.vSwell, this.#thd];
  }

  judge(columns: MeasurementColumns, i: number, out: Slice[]): void {
    const time = columns.timestampMs[i] ?? 0;
    const [rms, hz] = [columns.rms.average[i] ?? Number.NaN, columns.f.average[i] ?? Number.NaN];
    // The same measurement again. Other values at the same time are of a clock that counts whole seconds.
    if (time === this.#lastMs && Object.is(rms, this.#lastRms) && Object.is(hz, this.#lastHz)) return;
    this.#lastRms = rms;
    this.#lastHz = hz;
    // A clock that stepped back: what was open cannot be continued, what comes starts again.
    if (time < this.#lastMs) for (const excursion of this.all) excursion.interrupt(out);
    if (!(time >= this.#lastMs) || Number.isNaN(this.#firstMs)) this.#firstMs = time;
    this.#lastMs = time;
    const isFlagged = columns.flags[i] !== 0;
    if (!isFlagged && !Number.isNaN(hz)) this.#frequency = hz;
    this.#judgeVoltage(columns, i, time, out);
    if (isFlagged) {
      for (const excursion of [this.#fSag, this.#fSwell, this.#thd]) excursion.flagged(time, out);
      return;
    }
    const { backF, fHigh, fLow } = this.limits;
    below(this.#fSag, time, columns.f.min[i] ?? Number.NaN, fLow, backF, out);
    above(this.#fSwell, time, columns.f.max[i] ?? Number.NaN, fHigh, backF, out);
    this.#judgeThd(columns.thd.max[i] ?? Number.NaN, time, out);
  }

  /** The frequency that the windows of the box meet: as measured, or the reference. */
  get #windowFrequency(): number {
    const { refF } = this.limits;
    return Math.abs(this.#frequency - refF) > NEAR_HZ ? this.#frequency : refF;
  }

  /** The average, and the single cycles of a Box 3 less the ripple that its windows have at this frequency. */
  #judgeVoltage({ rms }: MeasurementColumns, i: number, time: number, out: Slice[]): void {
    const { backV, vHigh, vLow } = this.limits;
    const ripple = rippleAt(this.#windowFrequency);
    const average = rms.average[i] ?? Number.NaN;
    const low = Math.min(average, (rms.min[i] ?? average) / ripple.low);
    const high = Math.max(average, (rms.max[i] ?? average) / ripple.high);
    below(this.vSag, time, low, vLow, backV, out);
    above(this.vSwell, time, high, vHigh, backV, out);
  }

  #judgeThd(value: number, time: number, out: Slice[]): void {
    const allowance = thdAllowanceAt(this.#windowFrequency);
    const isKnown = !Number.isNaN(this.#frequency) || time - this.#firstMs > WARM_UP_MS;
    const isJudged = isKnown && Number.isFinite(allowance);
    const { backThd, thdHigh } = this.limits;
    above(this.#thd, time, isJudged ? value : Number.NaN, thdHigh + allowance, backThd, out);
  }
}

/** A value that is not there (NaN: not sent, or from a dead input) neither opens nor ends anything. */
function below(ex: Excursion, time: number, value: number, limit: number, back: number, out: Slice[]): void {
  if (value < limit || (ex.isOpen && value < limit + back)) ex.bad(time, value, lower, out);
  else if (value >= limit) ex.good(time, out);
  else ex.unknown(time, out);
}

function above(ex: Excursion, time: number, value: number, limit: number, back: number, out: Slice[]): void {
  if (value > limit || (ex.isOpen && value > limit - back)) ex.bad(time, value, higher, out);
  else if (value <= limit) ex.good(time, out);
  else ex.unknown(time, out);
}
