/** Batches of measurements as one buffer without slack: to cross a thread, to outlive the caller's use of its columns, to go to disk. */
import {
  columnsBytes,
  columnsOver,
  createColumns,
  METRICS,
  type MeasurementColumns,
} from '../proto/columns.js';

/**
 * A copy that holds no more than the batch's measurements: what crosses to another thread is the whole buffer under an array.
 * @param shared true: over shared memory, which crosses without being copied twice more
 */
export function packed(batch: MeasurementColumns, shared = false): MeasurementColumns {
  const { count } = batch;
  const copy = createColumns(count, shared);
  copy.count = count;
  for (const name of ['boxId', 'timestampMs', 'invalid', 'dialect'] as const) {
    copy[name].set(batch[name].subarray(0, count));
  }
  for (const metric of METRICS) {
    for (const part of ['min', 'average', 'max'] as const) {
      copy[metric][part].set(batch[metric][part].subarray(0, count));
    }
  }
  return copy;
}

/** The bytes under packed columns. */
export function packedBytes(columns: MeasurementColumns): Uint8Array {
  return new Uint8Array(columns.timestampMs.buffer);
}

/** Columns from the bytes of `packedBytes`. */
export function unpacked(bytes: Uint8Array, count: number): MeasurementColumns {
  if (bytes.length !== columnsBytes(count))
    throw new RangeError(`${bytes.length} bytes for ${count} measurements`);
  // A copy: eight-byte values need an aligned buffer, and SQLite's may lie anywhere.
  const columns = columnsOver(new Uint8Array(bytes).buffer, count);
  columns.count = count;
  return columns;
}
