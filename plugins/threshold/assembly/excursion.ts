// One excursion of one metric of one box past one limit, as in ../excursion.ts.

/** After a gap this long the measurements before and after it do not belong to one excursion, ms. */
const GAP_MS: f64 = 60_000;
/** How far before a bad measurement the window starts when no good one is known, ms. */
const LEAD_MS: f64 = 1000;

export class Options {
  sliceMs: f64 = 20_000;
  minDurationMs: f64 = 0;
  silenceMs: f64 = 5000;
}

/** A window to ask for, Unix ms of the box's clock. */
export class Slice {
  type: u8 = 0;
  startMs: f64 = 0;
  endMs: f64 = 0;
  /** the value farthest from the reference so far */
  extreme: f64 = 0;
}

export class Excursion {
  readonly type: u8;
  isOpen: bool = false;
  /** true: worse is higher */
  private readonly rises: bool;
  private readonly options: Options;
  private lastGoodMs: f64 = -Infinity;
  private firstBadMs: f64 = 0;
  private lastBadMs: f64 = 0;
  private sliceStartMs: f64 = 0;
  private extreme: f64 = 0;
  private asked: bool = false;

  constructor(type: u8, rises: bool, options: Options) {
    this.type = type;
    this.rises = rises;
    this.options = options;
  }

  /**
   * A value and the limit it must not pass; an open excursion ends only `back` inside it. NaN (not sent, or from a dead input) neither
   * opens nor ends anything.
   */
  judge(timeMs: f64, value: f64, limit: f64, back: f64, out: Slice[]): void {
    const bad = this.rises
      ? value > limit || (this.isOpen && value > limit - back)
      : value < limit || (this.isOpen && value < limit + back);
    if (bad) this.bad(timeMs, value, out);
    else if (this.rises ? value <= limit : value >= limit) this.good(timeMs, out);
    else this.unknown(timeMs, out);
  }

  /** The box fell silent, or its clock went back: what is open ends with its last bad measurement. */
  interrupt(out: Slice[]): void {
    if (this.isOpen) this.close(this.lastBadMs + LEAD_MS, out);
    this.lastGoodMs = -Infinity;
  }

  private good(timeMs: f64, out: Slice[]): void {
    if (this.isOpen) this.close(timeMs - this.lastBadMs > GAP_MS ? this.lastBadMs : timeMs, out);
    this.lastGoodMs = timeMs;
  }

  private bad(timeMs: f64, value: f64, out: Slice[]): void {
    if (this.isOpen && timeMs - this.lastBadMs > GAP_MS) this.close(this.lastBadMs, out);
    if (!this.isOpen) {
      const known = timeMs - this.lastGoodMs <= this.options.sliceMs;
      this.isOpen = true;
      this.firstBadMs = timeMs;
      this.lastBadMs = timeMs;
      this.sliceStartMs = known ? this.lastGoodMs : timeMs - LEAD_MS;
      this.extreme = value;
      this.asked = false;
      return;
    }
    this.lastBadMs = timeMs;
    if (this.rises ? value > this.extreme : value < this.extreme) this.extreme = value;
    if (timeMs - this.sliceStartMs < this.options.sliceMs) return;
    this.ask(this.sliceStartMs, timeMs, out);
    this.sliceStartMs = timeMs;
    this.asked = true;
  }

  /** A measurement without this metric: it neither opens nor ends anything, unless it goes on so. */
  private unknown(timeMs: f64, out: Slice[]): void {
    if (this.isOpen && timeMs - this.lastBadMs > this.options.silenceMs) this.interrupt(out);
  }

  private close(endMs: f64, out: Slice[]): void {
    this.isOpen = false;
    if (!this.asked && endMs - this.firstBadMs < this.options.minDurationMs) return;
    if (endMs > this.sliceStartMs) this.ask(this.sliceStartMs, endMs, out);
  }

  private ask(startMs: f64, endMs: f64, out: Slice[]): void {
    const pieces = Math.max(1, Math.ceil((endMs - startMs) / (this.options.sliceMs * 1.5)));
    for (let i: f64 = 0; i < pieces; i++) {
      const slice = new Slice();
      slice.type = this.type;
      slice.startMs = Math.round(startMs + ((endMs - startMs) * i) / pieces);
      slice.endMs = Math.round(startMs + ((endMs - startMs) * (i + 1)) / pieces);
      slice.extreme = this.extreme;
      out.push(slice);
    }
  }
}
