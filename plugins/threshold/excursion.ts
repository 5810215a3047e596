/**
 * One excursion of one metric of one box past one limit: from the last good measurement before it to the first good one after it. What is asked for is
 * bounded, however long it lasts: its first 20 s and its last 10 s whole, and a second every ten minutes in between. A box may keep as little as 50 s of
 * waveform, so the first part is asked for while the excursion goes on.
 */
import type { TriggerType } from '../sdk/plugin.js';

export interface ExcursionOptions {
  /** asked for whole at the beginning, while it goes on, ms */
  firstMs: number;
  /** asked for whole at the end, ms */
  lastMs: number;
  /** in between: a window of this length, this often, ms */
  sampleMs: number;
  sampleEveryMs: number;
  /** shorter excursions are not asked for, ms */
  minDurationMs: number;
  /** a metric that is not sent for this long ends the excursion, ms */
  silenceMs: number;
  /** after a gap this long the measurements before and after it do not belong to one excursion, ms */
  gapMs: number;
}

/** A window to ask for, Unix ms of the box's clock. */
export interface Slice {
  type: TriggerType;
  startMs: number;
  endMs: number;
  /** the value farthest from the reference so far */
  extreme: number;
  /** mean of the values past the limit so far */
  mean: number;
  /** start of the first window of this excursion: what its windows have in common */
  sinceMs: number;
  /** how long it has lasted, ms */
  lastedMs: number;
}

/** How far before a bad measurement the window starts when no good one is known, ms: one measurement of a Box 3 as shipped. */
const LEAD_MS = 1000;
/** A window may be so many times as long as it should before it is cut. */
const LENIENCE = 1.5;

interface Open {
  firstBadMs: number;
  lastBadMs: number;
  startMs: number;
  /** end of the first window; startMs: it is not asked for yet */
  firstEndMs: number;
  nextSampleMs: number;
  extreme: number;
  sum: number;
  count: number;
}

export class Excursion {
  readonly type: TriggerType;
  readonly #options: ExcursionOptions;
  #lastGoodMs = Number.NEGATIVE_INFINITY;
  #open: Open | undefined;

  constructor(type: TriggerType, options: ExcursionOptions) {
    this.type = type;
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** How long it has lasted, ms, and the mean of its values; undefined when none is open. */
  get standing(): { lastedMs: number; mean: number } | undefined {
    const open = this.#open;
    return open && { lastedMs: open.lastBadMs - open.firstBadMs, mean: open.sum / open.count };
  }

  /** A measurement inside the limit. */
  good(timeMs: number, out: Slice[]): void {
    const open = this.#open;
    if (open !== undefined)
      this.#close(open, timeMs - open.lastBadMs > this.#options.gapMs ? open.lastBadMs : timeMs, out);
    this.#lastGoodMs = timeMs;
  }

  /** A measurement past the limit; `value` is what passed it, `worse` says whether it lies farther out than another. */
  bad(timeMs: number, value: number, worse: (a: number, b: number) => boolean, out: Slice[]): void {
    let open = this.#open;
    if (open !== undefined && timeMs - open.lastBadMs > this.#options.gapMs) {
      this.#close(open, open.lastBadMs, out);
      open = undefined;
    }
    if (open === undefined) {
      const known = timeMs - this.#lastGoodMs <= this.#options.firstMs;
      const startMs = known ? this.#lastGoodMs : timeMs - LEAD_MS;
      this.#open = {
        ...{ firstBadMs: timeMs, lastBadMs: timeMs, startMs, firstEndMs: startMs },
        ...{ nextSampleMs: startMs + this.#options.sampleEveryMs, extreme: value, sum: value, count: 1 },
      };
      return;
    }
    open.lastBadMs = timeMs;
    open.sum += value;
    open.count += 1;
    if (worse(value, open.extreme)) open.extreme = value;
    this.#goOn(open, timeMs, out);
  }

  /** A measurement without this metric: it neither opens nor ends anything, unless it goes on so. */
  unknown(timeMs: number, out: Slice[]): void {
    if (this.#open !== undefined && timeMs - this.#open.lastBadMs > this.#options.silenceMs)
      this.interrupt(out);
  }

  /**
   * A measurement in which this metric means nothing. An excursion that the measurement before it began is none: a sag or an interruption began
   * there, and a measurement that holds a cycle of it may lack the flag.
   */
  flagged(timeMs: number, out: Slice[]): void {
    if (this.#open?.count === 1) this.#open = undefined;
    else this.unknown(timeMs, out);
  }

  /** The box fell silent, or its clock went back: what is open ends with its last bad measurement. */
  interrupt(out: Slice[]): void {
    const open = this.#open;
    if (open !== undefined) this.#close(open, open.lastBadMs + LEAD_MS, out);
    this.#lastGoodMs = Number.NEGATIVE_INFINITY;
  }

  #goOn(open: Open, timeMs: number, out: Slice[]): void {
    const { firstMs, sampleEveryMs, sampleMs } = this.#options;
    if (open.firstEndMs === open.startMs) {
      if (timeMs - open.startMs < firstMs) return;
      const endMs = timeMs - open.startMs > LENIENCE * firstMs ? open.startMs + firstMs : timeMs;
      open.firstEndMs = endMs;
      this.#ask(open, open.startMs, endMs, timeMs, out);
    }
    if (timeMs < open.nextSampleMs) return;
    this.#ask(open, Math.max(open.firstEndMs, timeMs - sampleMs), timeMs, timeMs, out);
    open.nextSampleMs = timeMs + sampleEveryMs;
  }

  #close(open: Open, endMs: number, out: Slice[]): void {
    const { firstMs, lastMs, minDurationMs } = this.#options;
    this.#open = undefined;
    if (open.firstEndMs === open.startMs) {
      if (endMs - open.firstBadMs < minDurationMs) return;
      if (endMs - open.startMs <= firstMs + lastMs) {
        // A clock that counts whole seconds may say the same time before and after it.
        this.#ask(open, open.startMs, endMs === open.startMs ? endMs + LEAD_MS : endMs, endMs, out);
        return;
      }
      open.firstEndMs = open.startMs + firstMs;
      this.#ask(open, open.startMs, open.firstEndMs, endMs, out);
    }
    this.#ask(open, Math.max(open.firstEndMs, endMs - lastMs), endMs, endMs, out);
  }

  #ask(open: Open, startMs: number, endMs: number, nowMs: number, out: Slice[]): void {
    if (endMs <= startMs) return;
    out.push({
      ...{ type: this.type, startMs, endMs, extreme: open.extreme, mean: open.sum / open.count },
      ...{ sinceMs: open.startMs, lastedMs: nowMs - open.firstBadMs },
    });
  }
}
