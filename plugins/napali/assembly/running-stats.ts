// Exponentially weighted mean and variance, updated one value at a time:
// d = x - mean; mean += alpha d; variance = (1 - alpha)(variance + alpha d^2).
// Source: T. Finch, "Incremental calculation of weighted mean and variance", University of Cambridge, 2009, section 9.

/** Values before mean and deviation mean anything. */
const WARM_UP: i32 = 8;

export class RunningStats {
  count: i32 = 0;
  mean: f64 = 0;
  variance: f64 = 0;

  /** Takes one value in. The first one is the mean. */
  add(value: f64, alpha: f64): void {
    if (this.count === 0) {
      this.mean = value;
    } else {
      const difference = value - this.mean;
      const increment = alpha * difference;
      this.mean += increment;
      this.variance = (1 - alpha) * (this.variance + difference * increment);
    }
    if (this.count < WARM_UP) this.count++;
  }

  /** Whether a value lies more than three deviations from the mean; false until `WARM_UP` values are in, and for NaN. */
  isOutside(value: f64): bool {
    const difference = value - this.mean;
    return this.count >= WARM_UP && difference * difference > 9 * this.variance;
  }
}
