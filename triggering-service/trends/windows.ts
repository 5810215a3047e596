/**
 * Trends of what comes in now, summed up as it comes: for each box two windows, the one it is in and the one before. Windows are aligned to
 * the measurements' own time, and boxes' clocks differ, so a window is closed by when it was opened here: after its length and a
 * little, or when the box has been in a later one for a little. What memory alone cannot determine is left to the store: windows
 * that were closed before, that may have begun before this process did, and those in which a box's time went back.
 */
import { METRIC_FIELD, METRICS, type Rows } from '../../proto/columns.js';
import type { NewTrend } from '../../store/documents.js';
import { withFlagged } from '../../store/flagged-trend.js';
import { grown } from '../ingest/box-table.js';

export type Trend = NewTrend;

/** A window by its number: `floor(time / length)`. */
export interface WindowOf {
  boxId: number;
  window: number;
}

export interface TrendOutput {
  /** a window whose sums are whole */
  closed(trend: Trend, window: WindowOf): void;
  /** a window to be computed from the stored measurements */
  fromStore(window: WindowOf): void;
}

/** Time for measurements that are on their way when a window ends. */
export const GRACE_MS = 2000;

const EMPTY = -1;
const PER_BOX = 2;
/** min, max, sum and count of each metric; min and max of its flagged measurements */
const SUMS = 6;
const FLAGGED = 4;
const PER_WINDOW = SUMS * METRICS.length;

export class TrendWindows {
  readonly #lengthMs: number;
  readonly #output: TrendOutput;
  readonly #location: (boxId: number) => string;
  /** for each box its id, the last window that was closed and the latest measurement's time */
  #boxId = new Float64Array(0);
  #lastClosed = new Float64Array(0);
  #latestMs = new Float64Array(0);
  /** for each box and of its two windows: number, when it was opened, whether the store must compute it, sums */
  #window = new Float64Array(0);
  #openedMs = new Float64Array(0);
  #incomplete = new Float64Array(0);
  #sums = new Float64Array(0);
  /** measurements, and those that are flagged */
  #measurements = new Float64Array(0);
  #flagged = new Float64Array(0);

  constructor(lengthMs: number, output: TrendOutput, location: (boxId: number) => string) {
    this.#lengthMs = lengthMs;
    this.#output = output;
    this.#location = location;
  }

  /**
   * @param slots for each row of the columns the slot of its box
   * @param clockMs of a clock that only goes forward
   */
  add({ columns, from, to }: Rows, slots: Uint32Array, clockMs: number): void {
    const { boxId, flags, timestampMs } = columns;
    const metrics = METRICS.map((name) => columns[name]);
    for (let row = from; row < to; row++) {
      const slot = slots[row] ?? 0;
      const time = timestampMs[row] ?? 0;
      if (slot >= this.#boxId.length) this.#grow(slot);
      const window = Math.floor(time / this.#lengthMs);
      const at = PER_BOX * slot + (window % PER_BOX);
      if (this.#window[at] !== window && !this.#open(slot, at, boxId[row] ?? 0, window, clockMs)) continue;
      if (time > (this.#latestMs[slot] ?? 0)) this.#latestMs[slot] = time;
      else this.#incomplete[at] = 1;
      const isFlagged = flags[row] !== 0;
      this.#measurements[at] = (this.#measurements[at] ?? 0) + 1;
      if (isFlagged) this.#flagged[at] = (this.#flagged[at] ?? 0) + 1;
      for (let m = 0, sum = PER_WINDOW * at; m < METRICS.length; m++, sum += SUMS) {
        const metric = metrics[m];
        const average = metric?.average[row] ?? Number.NaN;
        if (metric === undefined || Number.isNaN(average)) continue;
        const min = metric.min[row] ?? average;
        const max = metric.max[row] ?? average;
        const range = isFlagged ? sum + FLAGGED : sum;
        if (min < (this.#sums[range] ?? 0)) this.#sums[range] = min;
        if (max > (this.#sums[range + 1] ?? 0)) this.#sums[range + 1] = max;
        this.#sums[sum + 2] = (this.#sums[sum + 2] ?? 0) + average;
        this.#sums[sum + 3] = (this.#sums[sum + 3] ?? 0) + 1;
      }
    }
  }

  /** Closes what is over; to be called about once a second. */
  closeDue(clockMs: number): void {
    for (let at = 0; at < this.#window.length; at++) {
      const window = this.#window[at] ?? EMPTY;
      if (window === EMPTY) continue;
      const other = at ^ 1;
      const later =
        (this.#window[other] ?? EMPTY) > window && clockMs - (this.#openedMs[other] ?? 0) >= GRACE_MS;
      if (later || clockMs - (this.#openedMs[at] ?? 0) >= this.#lengthMs + GRACE_MS) this.#close(at);
    }
  }

  /** Closes every window, whole or not. */
  closeAll(): void {
    for (let at = 0; at < this.#window.length; at++) if (this.#window[at] !== EMPTY) this.#close(at);
  }

  /** The slot may get another box. What its windows lack comes to another service, if it comes: the store computes them. */
  forget(slot: number): void {
    if (slot >= this.#boxId.length) return;
    for (const at of [PER_BOX * slot, PER_BOX * slot + 1]) {
      if (this.#window[at] === EMPTY) continue;
      this.#incomplete[at] = 1;
      this.#close(at);
    }
    this.#lastClosed[slot] = EMPTY;
    this.#latestMs[slot] = 0;
  }

  /** @returns false when the measurement's window is no longer summed up here */
  #open(slot: number, at: number, boxId: number, window: number, clockMs: number): boolean {
    const present = this.#window[at] ?? EMPTY;
    const lastClosed = this.#lastClosed[slot] ?? EMPTY;
    if (window < present || window <= lastClosed) {
      this.#output.fromStore({ boxId, window });
      return false;
    }
    if (present !== EMPTY) this.#close(at);
    // What the box sent of its first window before this process began is in the store alone.
    const first = lastClosed === EMPTY && (this.#window[at ^ 1] ?? EMPTY) === EMPTY;
    this.#boxId[slot] = boxId;
    this.#window[at] = window;
    this.#openedMs[at] = clockMs;
    this.#incomplete[at] = first ? 1 : 0;
    for (let m = 0, sum = PER_WINDOW * at; m < METRICS.length; m++, sum += SUMS) {
      this.#sums[sum] = Number.POSITIVE_INFINITY;
      this.#sums[sum + 1] = Number.NEGATIVE_INFINITY;
      this.#sums[sum + 2] = 0;
      this.#sums[sum + 3] = 0;
      this.#sums[sum + FLAGGED] = Number.POSITIVE_INFINITY;
      this.#sums[sum + FLAGGED + 1] = Number.NEGATIVE_INFINITY;
    }
    this.#measurements[at] = 0;
    this.#flagged[at] = 0;
    return true;
  }

  #close(at: number): void {
    const slot = Math.floor(at / PER_BOX);
    const window = this.#window[at] ?? EMPTY;
    const boxId = this.#boxId[slot] ?? 0;
    this.#window[at] = EMPTY;
    this.#lastClosed[slot] = Math.max(this.#lastClosed[slot] ?? EMPTY, window);
    if (this.#incomplete[at] === 1) this.#output.fromStore({ boxId, window });
    else this.#output.closed(this.#trend(at, boxId, window), { boxId, window });
  }

  #trend(at: number, boxId: number, window: number): Trend {
    const trend: Trend = {
      box_id: String(boxId),
      timestamp_ms: (window + 1) * this.#lengthMs,
      location: this.#location(boxId),
    };
    const unflagged: NonNullable<Trend['unflagged']> = {};
    METRICS.forEach((metric, m) => {
      const sum = PER_WINDOW * at + SUMS * m;
      const [min = 0, max = 0, total = 0, count = 0, flaggedMin = 0, flaggedMax = 0] = this.#sums.subarray(
        sum,
        sum + SUMS,
      );
      if (count === 0) return;
      const field = METRIC_FIELD[metric];
      trend[field] = {
        min: Math.min(min, flaggedMin),
        max: Math.max(max, flaggedMax),
        average: total / count,
      };
      if (min <= max) unflagged[field] = { min, max };
    });
    return withFlagged(trend, this.#flagged[at] ?? 0, this.#measurements[at] ?? 0, unflagged);
  }

  #grow(slot: number): void {
    const had = this.#boxId.length;
    const boxes = Math.max(256, 2 * had, slot + 1);
    this.#boxId = grown(this.#boxId, boxes);
    this.#lastClosed = grown(this.#lastClosed, boxes).fill(EMPTY, had);
    this.#latestMs = grown(this.#latestMs, boxes);
    this.#window = grown(this.#window, PER_BOX * boxes).fill(EMPTY, PER_BOX * had);
    this.#openedMs = grown(this.#openedMs, PER_BOX * boxes);
    this.#incomplete = grown(this.#incomplete, PER_BOX * boxes);
    this.#sums = grown(this.#sums, PER_WINDOW * PER_BOX * boxes);
    this.#measurements = grown(this.#measurements, PER_BOX * boxes);
    this.#flagged = grown(this.#flagged, PER_BOX * boxes);
  }
}
