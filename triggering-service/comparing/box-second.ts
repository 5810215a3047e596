/** What one box measured in one second, as one measurement: lowest min, mean of the averages, highest max, as a Box 3 sends it. */
import { METRICS, type MeasurementColumns } from '../../proto/columns.js';
import { type MeasurementRow, rowAverage, rowMax, rowMin, rowOf } from '../../proto/measurement-row.js';

const RMS = METRICS.indexOf('rms');
const [INVALID, FLAGS] = [rowMax(METRICS.length - 1) + 1, rowMax(METRICS.length - 1) + 3];

export class BoxSecond {
  measurements = 0;
  /** those that are flagged: of them the voltage alone is taken */
  flagged = 0;
  /** measurements with a value, and the sums of their averages, in the order of METRICS */
  readonly counts: number[] = METRICS.map(() => 0);
  readonly sums: number[] = METRICS.map(() => 0);
  #row: number[] = [];

  add(columns: MeasurementColumns, i: number): void {
    const flags = columns.flags[i] ?? 0;
    this.measurements += 1;
    if (flags !== 0) this.flagged += 1;
    if (this.measurements === 1) this.#begin(columns, i);
    const row = this.#row;
    for (let metric = 0; metric < METRICS.length; metric += 1) {
      const { average, max, min } = columns[METRICS[metric] ?? 'rms'];
      const value = average[i] ?? Number.NaN;
      if (Number.isNaN(value) || (flags !== 0 && metric !== RMS)) continue;
      this.counts[metric] = (this.counts[metric] ?? 0) + 1;
      this.sums[metric] = (this.sums[metric] ?? 0) + value;
      const low = min[i] ?? value;
      const high = max[i] ?? value;
      // A comparison with NaN, which is there first, is false.
      if (!((row[rowMin(metric)] ?? 0) <= low)) row[rowMin(metric)] = low;
      if (!((row[rowMax(metric)] ?? 0) >= high)) row[rowMax(metric)] = high;
    }
    row[1] = Math.max(row[1] ?? 0, columns.timestampMs[i] ?? 0);
    row[INVALID] = (row[INVALID] ?? 0) | (columns.invalid[i] ?? 0);
    row[FLAGS] = (row[FLAGS] ?? 0) | flags;
  }

  /** The second as a measurement, with the time of the last one and the flags of all. */
  row(): MeasurementRow {
    METRICS.forEach((_, metric) => {
      this.#row[rowAverage(metric)] = Math.fround((this.sums[metric] ?? 0) / (this.counts[metric] ?? 0));
    });
    return this.#row;
  }

  #begin(columns: MeasurementColumns, i: number): void {
    this.#row = [...rowOf(columns, i)];
    METRICS.forEach((_, metric) => {
      this.#row.fill(Number.NaN, rowMin(metric), rowMax(metric) + 1);
    });
  }
}
