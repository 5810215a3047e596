/**
 * Exponentially weighted mean and variance, updated one value at a time:
 * d = x - mean; mean += alpha d; variance = (1 - alpha)(variance + alpha d^2).
 * Source: T. Finch, "Incremental calculation of weighted mean and variance", University of Cambridge, 2009, section 9.
 */
export class RunningStats {
  count = 0;
  mean = 0;
  variance = 0;

  /** Takes one value in. The first one is the mean. */
  add(value: number, alpha: number): void {
    if (this.count === 0) {
      this.mean = value;
    } else {
      const difference = value - this.mean;
      const increment = alpha * difference;
      this.mean += increment;
      this.variance = (1 - alpha) * (this.variance + difference * increment);
    }
    this.count += 1;
  }

  /** Whether a value lies more than three deviations from the mean; false until `WARM_UP` values are in. */
  isOutside(value: number): boolean {
    const difference = value - this.mean;
    return this.count >= WARM_UP && difference * difference > 9 * this.variance;
  }
}

/** Values before mean and deviation mean anything. */
export const WARM_UP = 8;
