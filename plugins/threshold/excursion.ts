/**
 * One excursion of one metric of one box past one limit: from the last good measurement before it to the first good one after it.
 * An excursion that stays open is asked for in slices, since a box may keep as little as 50 s of waveform.
 */
import type { TriggerType } from '../sdk/plugin.js';

export interface ExcursionOptions {
  /** asked for immediately when open this long, ms; also the longest slice */
  sliceMs: number;
  /** shorter excursions are not asked for, ms */
  minDurationMs: number;
  /** a metric that is not sent for this long ends the excursion, ms */
  silenceMs: number;
}

/** A window to ask for, Unix ms of the box's clock. */
export interface Slice {
  type: TriggerType;
  startMs: number;
  endMs: number;
  /** the value farthest from the reference so far */
  extreme: number;
}

/** After a gap this long the measurements before and after it do not belong to one excursion, ms. */
const GAP_MS = 60_000;
/** How far before a bad measurement the window starts when no good one is known, ms: one measurement of a Box 3 as shipped. */
const LEAD_MS = 1000;

interface Open {
  firstBadMs: number;
  lastBadMs: number;
  sliceStartMs: number;
  extreme: number;
  asked: boolean;
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

  /** A measurement inside the limit. */
  good(timeMs: number, out: Slice[]): void {
    const open = this.#open;
    if (open !== undefined)
      this.#close(open, timeMs - open.lastBadMs > GAP_MS ? open.lastBadMs : timeMs, out);
    this.#lastGoodMs = timeMs;
  }

  /** A measurement past the limit; `value` is what passed it, `worse` says whether it lies farther out than another. */
  bad(timeMs: number, value: number, worse: (a: number, b: number) => boolean, out: Slice[]): void {
    let open = this.#open;
    if (open !== undefined && timeMs - open.lastBadMs > GAP_MS) {
      this.#close(open, open.lastBadMs, out);
      open = undefined;
    }
    if (open === undefined) {
      const known = timeMs - this.#lastGoodMs <= this.#options.sliceMs;
      const sliceStartMs = known ? this.#lastGoodMs : timeMs - LEAD_MS;
      this.#open = { firstBadMs: timeMs, lastBadMs: timeMs, sliceStartMs, extreme: value, asked: false };
      return;
    }
    open.lastBadMs = timeMs;
    if (worse(value, open.extreme)) open.extreme = value;
    if (timeMs - open.sliceStartMs < this.#options.sliceMs) return;
    this.#ask(open.sliceStartMs, timeMs, open.extreme, out);
    open.sliceStartMs = timeMs;
    open.asked = true;
  }

  /** A measurement without this metric: it neither opens nor ends anything, unless it goes on so. */
  unknown(timeMs: number, out: Slice[]): void {
    if (this.#open !== undefined && timeMs - this.#open.lastBadMs > this.#options.silenceMs)
      this.interrupt(out);
  }

  /** The box fell silent, or its clock went back: what is open ends with its last bad measurement. */
  interrupt(out: Slice[]): void {
    const open = this.#open;
    if (open !== undefined) this.#close(open, open.lastBadMs + LEAD_MS, out);
    this.#lastGoodMs = Number.NEGATIVE_INFINITY;
  }

  #close(open: Open, endMs: number, out: Slice[]): void {
    this.#open = undefined;
    if (!open.asked && endMs - open.firstBadMs < this.#options.minDurationMs) return;
    if (endMs > open.sliceStartMs) this.#ask(open.sliceStartMs, endMs, open.extreme, out);
  }

  #ask(startMs: number, endMs: number, extreme: number, out: Slice[]): void {
    const pieces = Math.max(1, Math.ceil((endMs - startMs) / (this.#options.sliceMs * 1.5)));
    for (let i = 0; i < pieces; i++) {
      const from = Math.round(startMs + ((endMs - startMs) * i) / pieces);
      const to = Math.round(startMs + ((endMs - startMs) * (i + 1)) / pieces);
      out.push({ type: this.type, startMs: from, endMs: to, extreme });
    }
  }
}
