/**
 * The hot path of the triggering service: a frame of the triggering stream straight into a row of columns, without an object a
 * message and without exceptions. Equal to `decodeStream` in what it takes, what it refuses and what comes out (property tests).
 */
import type { MeasurementColumns, MetricColumns } from './columns.js';

export * from './stream-codes.js';

import { decodeMeasurement } from './stream-measurement.js';
import { decodeTrigger } from './stream-trigger.js';
import { WireReader } from './wire-reader.js';

/** Field 3 as a float: a TriggerMessage; as a map entry, or not there: a Measurement. */
const TRIGGER_FREQUENCY = 0x1d;
const MEASUREMENT_METRIC = 0x1a;

const reader = new WireReader();

/**
 * Decodes a frame into row `index` of the columns; `columns.count` is left alone. A metric that came as infinity or NaN is NaN
 * there, with its bit set in `invalid`.
 * @param index 0..capacity - 1
 * @returns 0, or a code above that indexes STREAM_REASONS; the row's content is then undefined
 */
export function decodeInto(frame: Uint8Array, columns: MeasurementColumns, index: number): number {
  clearMetrics(columns.f, index);
  clearMetrics(columns.rms, index);
  clearMetrics(columns.thd, index);
  clearMetrics(columns.trans, index);
  columns.invalid[index] = 0;
  reader.open(frame);
  return dialectOf(frame) === 2
    ? decodeTrigger(reader, columns, index)
    : decodeMeasurement(reader, columns, index);
}

/** Which dialect's message the frame is; a malformed frame may be either. Leaves the reader at the frame's start. */
function dialectOf(frame: Uint8Array): 2 | 3 {
  const tag = thirdTag(frame);
  if (tag === TRIGGER_FREQUENCY) return 2;
  return tag === MEASUREMENT_METRIC ? 3 : dialectByTags(frame);
}

/** The tag after fields 1 and 2, which boxes send first; 0 when the frame begins otherwise. */
function thirdTag(frame: Uint8Array): number {
  if (frame[0] !== 0x08) return 0;
  let at = 1;
  while ((frame[at++] ?? 0) >= 0x80);
  if (frame[at++] !== 0x10) return 0;
  while ((frame[at++] ?? 0) >= 0x80);
  return frame[at] ?? 0;
}

function dialectByTags(frame: Uint8Array): 2 | 3 {
  let dialect: 2 | 3 = 3;
  while (reader.pos < reader.limit) {
    const tag = reader.tag();
    if (tag === MEASUREMENT_METRIC) break;
    if (tag === TRIGGER_FREQUENCY) {
      dialect = 2;
      break;
    }
    reader.skip(tag, 0);
  }
  reader.open(frame);
  return dialect;
}

function clearMetrics(metric: MetricColumns, index: number): void {
  metric.min[index] = Number.NaN;
  metric.average[index] = Number.NaN;
  metric.max[index] = Number.NaN;
}
