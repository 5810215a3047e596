/** One quantity over time in a bounded number of bins: the width of a bin doubles when there are too many. */

export interface Bin {
  /** start of the bin, Unix ms */
  ms: number;
  low: number;
  mean: number;
  high: number;
}

interface Sum {
  low: number;
  sum: number;
  count: number;
  high: number;
}

/** About two per column of the picture. */
const MAX_BINS = 1400;

export class Trace {
  #startMs = Number.NaN;
  #widthMs = 1;
  #bins = new Map<number, Sum>();

  /** @param low, mean, high of one measurement, NaN where it was not sent. A time before the first one counts as the first. */
  add(ms: number, low: number, mean: number, high: number): void {
    if (Number.isNaN(mean)) return;
    if (Number.isNaN(this.#startMs)) this.#startMs = ms;
    this.#put(Math.max(0, Math.floor((ms - this.#startMs) / this.#widthMs)), {
      low: Number.isNaN(low) ? mean : low,
      sum: mean,
      count: 1,
      high: Number.isNaN(high) ? mean : high,
    });
    while (this.#bins.size > MAX_BINS) this.#halve();
  }

  /** In order of time. */
  get bins(): Bin[] {
    return [...this.#bins]
      .toSorted(([a], [b]) => a - b)
      .map(([index, { count, high, low, sum }]) => ({
        ms: this.#startMs + index * this.#widthMs,
        low,
        mean: sum / count,
        high,
      }));
  }

  #put(index: number, more: Sum): void {
    const bin = this.#bins.get(index);
    if (bin === undefined) {
      this.#bins.set(index, more);
      return;
    }
    bin.low = Math.min(bin.low, more.low);
    bin.high = Math.max(bin.high, more.high);
    bin.sum += more.sum;
    bin.count += more.count;
  }

  #halve(): void {
    const bins = this.#bins;
    this.#bins = new Map();
    this.#widthMs *= 2;
    for (const [index, bin] of bins) this.#put(Math.floor(index / 2), bin);
  }
}
