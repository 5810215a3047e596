/** Measurements as rows: which columns, in which order, and what stands in them. */
import {
  METRIC_FIELD,
  METRICS,
  type MeasurementColumns,
  type MetricColumns,
  type MetricField,
} from '../../proto/columns.js';
import type { MeasurementDocument } from '../documents.js';

export const FIELDS: readonly MetricField[] = METRICS.map((metric) => METRIC_FIELD[metric]);
const EXTREMES = FIELDS.flatMap((field) => [`${field}_min`, `${field}_max`]);

export const WRITTEN_COLUMNS = ['second', 'box', 'ms', ...FIELDS, 'invalid', 'expire_at', ...EXTREMES];
const FIRST_AVERAGE = 3;
const FIRST_WRITTEN_EXTREME = WRITTEN_COLUMNS.length - EXTREMES.length;

export const READ_COLUMNS = ['ms', 'expire_at', 'invalid', ...FIELDS, ...EXTREMES];
const FIRST_VALUE = READ_COLUMNS.indexOf('frequency');
const FIRST_EXTREME = READ_COLUMNS.indexOf('frequency_min');
/** Values of READ_COLUMNS: arrays are read a third faster than objects of 15 fields. */
export type ReadRow = (number | null)[];

/** A double holds whole numbers of so many bits. */
const EXACT_BITS = 53;
const BOX_BITS = 32;

/**
 * The entries of a batch in the order of the table's key, or nearly: what lies together is written together, which takes a fifth
 * less time than the order of arrival. Entries of one box and second stay in the order in which they came, so that of two with the same
 * time the first is the one that is kept. Seconds count modulo what is left of a double's bits (256 s for 5,000 entries).
 * @returns for each place `entry + entries * (...)`, where `entries` is the second value: take the remainder
 */
export function inKeyOrder({ boxId, count, timestampMs }: MeasurementColumns): [Float64Array, number] {
  const bits = Math.max(1, Math.ceil(Math.log2(count)));
  const entries = 2 ** bits;
  const seconds = 2 ** Math.max(0, EXACT_BITS - BOX_BITS - bits);
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i += 1) {
    const second = Math.floor((timestampMs[i] ?? 0) / 1000);
    const turn = second - seconds * Math.floor(second / seconds);
    keys[i] = (turn * 2 ** BOX_BITS + (boxId[i] ?? 0)) * entries + i;
  }
  return [keys.sort(), entries];
}

/** The columns of each metric, in the order of METRICS. */
export function metricsOf(batch: MeasurementColumns): MetricColumns[] {
  return METRICS.map((metric) => batch[metric]);
}

/**
 * The values of WRITTEN_COLUMNS for entry `i`, from `at` on. Numbers go in as float32 made double: what comes back is what the box
 * sent; NaN (not sent) becomes NULL by SQLite's own rule. Extremes are NULL for metrics where both equal the average.
 * @param metrics `metricsOf(batch)`
 */
export function writeRow(
  values: (number | null)[],
  at: number,
  batch: MeasurementColumns,
  metrics: readonly MetricColumns[],
  i: number,
  until: number,
): void {
  const timestampMs = Math.trunc(batch.timestampMs[i] ?? 0);
  const second = Math.floor(timestampMs / 1000);
  values[at] = second;
  values[at + 1] = batch.boxId[i] ?? 0;
  values[at + 2] = timestampMs - 1000 * second;
  values[at + FIRST_AVERAGE + METRICS.length] = batch.invalid[i] ?? 0;
  values[at + FIRST_AVERAGE + METRICS.length + 1] = until;
  for (let m = 0; m < metrics.length; m += 1) {
    const { min, average, max } = metrics[m] ?? batch.f;
    const value = average[i] ?? Number.NaN;
    const lowest = min[i] ?? value;
    const highest = max[i] ?? value;
    const same = Number.isNaN(value) || (lowest === value && highest === value);
    values[at + FIRST_AVERAGE + m] = value;
    values[at + FIRST_WRITTEN_EXTREME + 2 * m] = same ? null : orElse(lowest, value);
    values[at + FIRST_WRITTEN_EXTREME + 2 * m + 1] = same ? null : orElse(highest, value);
  }
}

function orElse(value: number, other: number): number {
  return Number.isNaN(value) ? other : value;
}

export function documentOf(boxId: string, baseMs: number, row: ReadRow): MeasurementDocument {
  const document: MeasurementDocument = {
    box_id: boxId,
    timestamp_ms: baseMs + (row[0] ?? 0),
    expire_at: row[1] ?? 0,
  };
  let extremes: MeasurementDocument['extremes'];
  for (let i = 0; i < FIELDS.length; i += 1) {
    const field = FIELDS[i];
    const value = row[FIRST_VALUE + i];
    if (field === undefined || typeof value !== 'number') continue;
    document[field] = value;
    const min = row[FIRST_EXTREME + 2 * i];
    const max = row[FIRST_EXTREME + 2 * i + 1];
    if (typeof min !== 'number' || typeof max !== 'number') continue;
    extremes ??= {};
    extremes[field] = { min, max };
  }
  if (extremes !== undefined) document.extremes = extremes;
  const bits = row[2] ?? 0;
  if (bits !== 0) document.invalid = FIELDS.filter((_, bit) => (bits & (1 << bit)) !== 0);
  return document;
}
