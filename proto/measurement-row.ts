/** One measurement as a list of numbers, where few are picked out of columns: box, time, then min, average and max of each metric, then `invalid`, `dialect` and `flags`. */
import { METRICS, type MeasurementColumns } from './columns.js';

export type MeasurementRow = readonly number[];
export const ROW_BOX = 0;
export const ROW_TIME = 1;
const VALUES = 2;
const INVALID = VALUES + 3 * METRICS.length;
const DIALECT = INVALID + 1;
const FLAGS = INVALID + 2;
export const ROW_LENGTH = INVALID + 3;

/** Places of a metric's values. @param metric its number in METRICS */
export const rowMin = (metric: number): number => VALUES + 3 * metric;
export const rowAverage = (metric: number): number => VALUES + 3 * metric + 1;
export const rowMax = (metric: number): number => VALUES + 3 * metric + 2;

/** Row `i` of columns. */
export function rowOf(columns: MeasurementColumns, i: number): MeasurementRow {
  const { boxId, dialect, flags, invalid, timestampMs } = columns;
  const row = [boxId[i] ?? 0, timestampMs[i] ?? 0];
  for (const name of METRICS) {
    const { average, max, min } = columns[name];
    row.push(min[i] ?? Number.NaN, average[i] ?? Number.NaN, max[i] ?? Number.NaN);
  }
  row.push(invalid[i] ?? 0, dialect[i] ?? 0, flags[i] ?? 0);
  return row;
}

/** Writes a row into row `i` of columns. */
export function setRow(columns: MeasurementColumns, i: number, row: MeasurementRow): void {
  const at = (index: number): number => row[index] ?? Number.NaN;
  columns.boxId[i] = at(ROW_BOX);
  columns.timestampMs[i] = at(ROW_TIME);
  METRICS.forEach((name, metric) => {
    const { average, max, min } = columns[name];
    min[i] = at(rowMin(metric));
    average[i] = at(rowAverage(metric));
    max[i] = at(rowMax(metric));
  });
  columns.invalid[i] = at(INVALID);
  columns.dialect[i] = at(DIALECT);
  columns.flags[i] = at(FLAGS);
}

/** Bytes of a row: id, time, values as single precision, and three bytes. */
export const ROW_BYTES = 4 + 8 + 4 * 3 * METRICS.length + 3;

/** Writes a row, little-endian. @returns where the next one begins */
export function writeRow(bytes: Buffer, offset: number, row: MeasurementRow): number {
  let at = bytes.writeUInt32LE(row[ROW_BOX] ?? 0, offset);
  at = bytes.writeDoubleLE(row[ROW_TIME] ?? 0, at);
  for (let i = VALUES; i < INVALID; i += 1) at = bytes.writeFloatLE(row[i] ?? Number.NaN, at);
  for (let i = INVALID; i < ROW_LENGTH; i += 1) at = bytes.writeUInt8(row[i] ?? 0, at);
  return at;
}

/** Reads a row that `writeRow` wrote; there are `ROW_BYTES` from `offset`. */
export function readRow(bytes: Buffer, offset: number): MeasurementRow {
  const row = [bytes.readUInt32LE(offset), bytes.readDoubleLE(offset + 4)];
  for (let i = 0; i < 3 * METRICS.length; i += 1) row.push(bytes.readFloatLE(offset + 12 + 4 * i));
  const at = offset + 12 + 12 * METRICS.length;
  row.push(bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0);
  return row;
}
