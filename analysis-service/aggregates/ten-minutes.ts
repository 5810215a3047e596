/** Ten minutes of one box from its measurements; README.md says how the values are defined. */
import type { MeasurementDocument, NewAggregate, StepCounts } from '../../store/store.js';

export const TEN_MINUTES_MS = 600_000;
const TEN_SECONDS_MS = 10_000;
const THREE_SECONDS_MS = 3_000;
const TEN_SECONDS = TEN_MINUTES_MS / TEN_SECONDS_MS;
const THREE_SECONDS = TEN_MINUTES_MS / THREE_SECONDS_MS;
/** Steps in which THD is counted (0.1 %), and where the last one begins: all above falls into it. */
const THD_STEP = 0.001;
const THD_STEPS = 1000;
/** Frequencies are kept to 0.1 mHz, far below what a box can measure. */
const FREQUENCY_DECIMALS = 4;

interface Mean {
  sum: number;
  count: number;
}
const means = (length: number): Mean[] => Array.from({ length }, () => ({ sum: 0, count: 0 }));

/** Takes the measurements of one window in any order. */
export class TenMinutes {
  readonly #startMs: number;
  #measurements = 0;
  #flagged = 0;
  #voltage = { squares: 0, count: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  /** frequency in each 10 s; a flagged interval has no value */
  readonly #frequency = means(TEN_SECONDS);
  readonly #seen = new Uint8Array(TEN_SECONDS);
  readonly #flaggedTenSeconds = new Uint8Array(TEN_SECONDS);
  /** squares of THD in each 3 s */
  readonly #thd = means(THREE_SECONDS);

  /** @param startMs Unix ms, a multiple of ten minutes */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  add(measured: MeasurementDocument): void {
    const at = measured.timestamp_ms - this.#startMs;
    if (at < 0 || at >= TEN_MINUTES_MS) return;
    const ten = Math.floor(at / TEN_SECONDS_MS);
    const isFlagged = (measured.flagged?.length ?? 0) > 0;
    this.#measurements += 1;
    this.#seen[ten] = 1;
    if (isFlagged) {
      this.#flagged += 1;
      this.#flaggedTenSeconds[ten] = 1;
    }
    const { extremes, frequency, thd, voltage } = measured;
    if (voltage !== undefined) {
      this.#voltage.squares += voltage * voltage;
      this.#voltage.count += 1;
      this.#voltage.min = Math.min(this.#voltage.min, extremes?.voltage?.min ?? voltage);
      this.#voltage.max = Math.max(this.#voltage.max, extremes?.voltage?.max ?? voltage);
    }
    if (isFlagged) return;
    if (frequency !== undefined) addTo(this.#frequency[ten], frequency);
    if (thd !== undefined) addTo(this.#thd[Math.floor(at / THREE_SECONDS_MS)], thd * thd);
  }

  /** The aggregate, or undefined without a measurement. */
  result(boxId: string, location: string): NewAggregate | undefined {
    if (this.#measurements === 0) return undefined;
    const aggregate: NewAggregate = {
      box_id: boxId,
      timestamp_ms: this.#startMs + TEN_MINUTES_MS,
      window_seconds: 600,
      location,
      measurements: this.#measurements,
      flagged: this.#flagged,
      coverage: this.#seen.reduce((a, b) => a + b, 0) / TEN_SECONDS,
    };
    const { squares, count, min, max } = this.#voltage;
    if (count > 0) aggregate.voltage = { rms: Math.sqrt(squares / count), min, max };
    const ten_second = this.#frequency
      .filter((mean, i) => mean.count > 0 && this.#flaggedTenSeconds[i] !== 1)
      .map(({ sum, count: n }) => Number((sum / n).toFixed(FREQUENCY_DECIMALS)));
    if (ten_second.length > 0) {
      const average = ten_second.reduce((a, b) => a + b, 0) / ten_second.length;
      aggregate.frequency = {
        min: Math.min(...ten_second),
        max: Math.max(...ten_second),
        average,
        ten_second,
      };
    }
    const squared = this.#thd.filter((mean) => mean.count > 0).map(({ sum, count: n }) => sum / n);
    if (squared.length > 0) {
      const values = squared.map(Math.sqrt);
      aggregate.thd = {
        rms: Math.sqrt(squared.reduce((a, b) => a + b, 0) / squared.length),
        min: Math.min(...values),
        max: Math.max(...values),
        three_second: spread(values),
      };
    }
    return aggregate;
  }
}

function addTo(mean: Mean | undefined, value: number): void {
  if (mean === undefined) return;
  mean.sum += value;
  mean.count += 1;
}

/** How often the values fall into each step, from the lowest to the highest one that has any. */
function spread(values: readonly number[]): StepCounts {
  const steps = values.map((value) => Math.min(THD_STEPS, Math.max(0, Math.floor(value / THD_STEP))));
  const from = Math.min(...steps);
  const counts = new Array<number>(Math.max(...steps) - from + 1).fill(0);
  for (const step of steps) counts[step - from] = (counts[step - from] ?? 0) + 1;
  return { step: THD_STEP, from, counts };
}
