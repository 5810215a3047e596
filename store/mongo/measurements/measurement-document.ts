/** One measurement as a document, both ways (docs/data-model.md, `measurements`). */
import type { Document } from 'mongodb';
import {
  FLAGS,
  flagNames,
  METRIC_FIELD,
  METRICS,
  type MeasurementColumns,
  type MetricField,
} from '../../../proto/columns.js';
import type { MeasurementDocument } from '../../documents.js';
import { boxIdOf, double, int64, listOf, numberOf, recordOf } from '../fields/bson.js';
import { boxTimeId } from '../fields/ids.js';
import type { ExpiryFields } from '../maintenance/expiry.js';

/** One measurement of a batch as a document, ready to send. */
export function measurementDocument(
  batch: MeasurementColumns,
  index: number,
  expiry: ExpiryFields,
  misspeltTime = false,
): Document {
  const boxId = batch.boxId[index] ?? 0;
  const timestampMs = Math.floor(batch.timestampMs[index] ?? 0);
  const time = int64(timestampMs);
  const document: Document = {
    _id: boxTimeId(boxId, timestampMs),
    box_id: String(boxId),
    timestamp_ms: time,
    expire_at: expiry.expire_at,
  };
  if (misspeltTime) document.timetstamp_ms = time;
  let extremes: Document | undefined;
  for (const metric of METRICS) {
    const average = batch[metric].average[index] ?? Number.NaN;
    if (Number.isNaN(average)) continue;
    const field = METRIC_FIELD[metric];
    document[field] = double(average);
    const min = batch[metric].min[index] ?? average;
    const max = batch[metric].max[index] ?? average;
    if (min !== average || max !== average) {
      extremes ??= {};
      extremes[field] = { min: double(min), max: double(max) };
    }
  }
  if (extremes !== undefined) document.extremes = extremes;
  const invalid = batch.invalid[index] ?? 0;
  if (invalid !== 0) {
    document.invalid = METRICS.filter((_, bit) => invalid & (1 << bit)).map((metric) => METRIC_FIELD[metric]);
  }
  const flags = batch.flags[index] ?? 0;
  if (flags !== 0) document.flagged = flagNames(flags);
  if (expiry.expireAt !== undefined) document.expireAt = expiry.expireAt;
  return document;
}

/** A stored measurement, also one that another program wrote. */
export function measurementOf(document: Document): MeasurementDocument {
  const measurement: MeasurementDocument = {
    box_id: boxIdOf(document.box_id) ?? '',
    timestamp_ms: numberOf(document.timestamp_ms) ?? 0,
    expire_at: numberOf(document.expire_at) ?? expireAtOf(document),
  };
  const reported = numberOf(document.reported_timestamp_ms);
  if (reported !== undefined) measurement.reported_timestamp_ms = reported;
  for (const field of Object.values(METRIC_FIELD)) {
    const value = numberOf(document[field]);
    if (value !== undefined) measurement[field] = value;
  }
  const invalid = listOf(document.invalid, (value) =>
    Object.values(METRIC_FIELD).find((field): field is MetricField => field === value),
  );
  if (invalid.length > 0) measurement.invalid = invalid;
  const flagged = listOf(document.flagged, (value) => FLAGS.find((flag) => flag === value));
  if (flagged.length > 0) measurement.flagged = flagged;
  const extremes: NonNullable<MeasurementDocument['extremes']> = {};
  for (const field of Object.values(METRIC_FIELD)) {
    const entry = recordOf(recordOf(document.extremes)[field]);
    const min = numberOf(entry.min);
    const max = numberOf(entry.max);
    if (min !== undefined && max !== undefined) extremes[field] = { min, max };
  }
  if (Object.keys(extremes).length > 0) measurement.extremes = extremes;
  return measurement;
}

/** Unix seconds of the Date `expireAt`, for documents of programs that wrote only that; 0 when there is neither. */
export function expireAtOf(document: Document): number {
  return document.expireAt instanceof Date ? Math.floor(document.expireAt.getTime() / 1000) : 0;
}
