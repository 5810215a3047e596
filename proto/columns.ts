/**
 * Decoded measurements as columns (struct of arrays): what the triggering service hands to the store, to trends and to plugins.
 * A batch holds `count` measurements; entries at and past `count` are undefined content. A metric that was not sent, or that
 * came as infinity or NaN, is NaN in all three of its columns; in the latter case its bit in `invalid` is set.
 */

/** The metrics in the order in which columns, bits and record layouts hold them. Wire names of Box 3 (`trans` = transient magnitude). */
export const METRICS = ['f', 'rms', 'thd', 'trans'] as const;
export type Metric = (typeof METRICS)[number];

/** The field name of each metric in stored documents. */
export const METRIC_FIELD = { f: 'frequency', rms: 'voltage', thd: 'thd', trans: 'transient' } as const;
export type MetricField = (typeof METRIC_FIELD)[Metric];

/**
 * Why a measurement is flagged, by the bits of `flags`: the voltage left its limits while it was measured, so frequency, THD and transients mean
 * little or nothing (IEC 61000-4-30:2015, 4.7). `stream/flags.ts` decides; boxes say nothing of it.
 */
export const FLAGS = ['sag', 'swell', 'interruption'] as const;
export type Flag = (typeof FLAGS)[number];
export const FLAG_SAG = 1;
export const FLAG_SWELL = 2;
export const FLAG_INTERRUPTION = 4;

/** The names of bits. */
export function flagNames(bits: number): Flag[] {
  return FLAGS.filter((_, bit) => (bits & (1 << bit)) !== 0);
}

/** The bits of names. */
export function flagBits(names: readonly Flag[]): number {
  return FLAGS.reduce((bits, name, bit) => (names.includes(name) ? bits | (1 << bit) : bits), 0);
}

/** min, average and max over the measurement's window. Hz for `f`, volts for `rms`, a fraction for `thd`; one value thrice for a Box 2. */
export interface MetricColumns {
  min: Float32Array;
  average: Float32Array;
  max: Float32Array;
}

export interface MeasurementColumns {
  /** number of measurements in the batch */
  count: number;
  boxId: Uint32Array;
  /** Unix milliseconds UTC */
  timestampMs: Float64Array;
  f: MetricColumns;
  rms: MetricColumns;
  thd: MetricColumns;
  trans: MetricColumns;
  /** bit i set: METRICS[i] came as infinity or NaN and was left out */
  invalid: Uint8Array;
  /** 2 or 3: the dialect the measurement came in */
  dialect: Uint8Array;
  /** bit i set: flagged with FLAGS[i] */
  flags: Uint8Array;
}

/** Rows `from` to `to - 1` of columns. */
export interface Rows {
  columns: MeasurementColumns;
  from: number;
  to: number;
}

/**
 * New columns for up to `capacity` measurements.
 * @param shared true: over one SharedArrayBuffer, so that worker threads see them without a copy
 */
export function createColumns(capacity: number, shared = false): MeasurementColumns {
  const bytes = columnsBytes(capacity);
  return columnsOver(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes), capacity);
}

/** Bytes that `columnsOver` needs for `capacity` measurements (12 floats, one double, one u32 and three bytes each). */
export function columnsBytes(capacity: number): number {
  return capacity * (8 + 4 + 4 * 3 * METRICS.length + 3);
}

/** Columns laid over a buffer of at least `columnsBytes(capacity)` bytes; the same call on another thread gives the same view. */
export function columnsOver(buffer: ArrayBufferLike, capacity: number): MeasurementColumns {
  let offset = 0;
  const take = (bytesEach: number): number => {
    const at = offset;
    offset += capacity * bytesEach;
    return at;
  };
  const timestampMs = new Float64Array(buffer, take(8), capacity);
  const boxId = new Uint32Array(buffer, take(4), capacity);
  const metric = (): MetricColumns => ({
    min: new Float32Array(buffer, take(4), capacity),
    average: new Float32Array(buffer, take(4), capacity),
    max: new Float32Array(buffer, take(4), capacity),
  });
  const f = metric();
  const rms = metric();
  const thd = metric();
  const trans = metric();
  const invalid = new Uint8Array(buffer, take(1), capacity);
  const dialect = new Uint8Array(buffer, take(1), capacity);
  const flags = new Uint8Array(buffer, take(1), capacity);
  return { count: 0, boxId, timestampMs, f, rms, thd, trans, invalid, dialect, flags };
}

/** Copies rows `from` to `to - 1` to row `at` and on. */
export function copyRows(
  source: MeasurementColumns,
  from: number,
  to: number,
  target: MeasurementColumns,
  at: number,
): void {
  target.timestampMs.set(source.timestampMs.subarray(from, to), at);
  target.boxId.set(source.boxId.subarray(from, to), at);
  target.invalid.set(source.invalid.subarray(from, to), at);
  target.dialect.set(source.dialect.subarray(from, to), at);
  target.flags.set(source.flags.subarray(from, to), at);
  for (const metric of METRICS) {
    target[metric].min.set(source[metric].min.subarray(from, to), at);
    target[metric].average.set(source[metric].average.subarray(from, to), at);
    target[metric].max.set(source[metric].max.subarray(from, to), at);
  }
}
