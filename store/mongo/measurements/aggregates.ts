/** Ten-minute and two-hour values (`makai_aggregates`, ours alone), and the counts of measurements that show which of them are out of date. */
import type { AnyBulkWriteOperation, Document } from 'mongodb';
import type {
  AggregateDocument,
  AggregateSeconds,
  MeasurementCount,
  MinMaxAverage,
  NewAggregate,
  Stored,
  TimeRange,
} from '../../documents.js';
import { type Context, collection } from '../connection/context.js';
import { streamed } from '../connection/cursor.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { boxIdOf, double, int32, int64, listOf, numberOf, recordOf, textOf } from '../fields/bson.js';
import { expireAtOf } from './measurement-document.js';

const WRITES_AT_ONCE = 500;

export async function putAggregates(
  context: Context,
  aggregates: readonly NewAggregate[],
  acceptedAtMs: number,
): Promise<Stored> {
  const { expire_at, expireAt } = await context.expiry.fields('trends', acceptedAtMs);
  const writes = aggregates.map((aggregate): AnyBulkWriteOperation<Document> => {
    const $set = aggregateValues(aggregate);
    // A value that the new one lacks does not stay behind from the old one.
    const gone = ['voltage', 'frequency', 'thd'].filter((field) => $set[field] === undefined);
    if (expireAt === undefined) gone.push('expireAt');
    const $unset = Object.fromEntries(gone.map((field) => [field, '']));
    // What an incident prolonged is not shortened because the window is computed again.
    const $max = { expire_at, ...(expireAt === undefined ? {} : { expireAt }) };
    const update = { $set, $max, ...(gone.length === 0 ? {} : { $unset }) };
    return { updateOne: { filter: aggregateKey(aggregate), update, upsert: true } };
  });
  for (let at = 0; at < writes.length; at += WRITES_AT_ONCE) {
    const part = writes.slice(at, at + WRITES_AT_ONCE);
    await mapped('write aggregates', () => upsertAll(context, part));
  }
  return { inserted: aggregates.length, duplicates: 0 };
}

/** Two upserts of the same window at the same time: one meets the other's document in the unique index, and finds it the second time. */
async function upsertAll(context: Context, writes: AnyBulkWriteOperation<Document>[]): Promise<void> {
  try {
    await collection(context, 'aggregates').bulkWrite(writes, { ordered: false });
  } catch (error) {
    if (serverCode(error) !== DUPLICATE_KEY) throw error;
    await collection(context, 'aggregates').bulkWrite(writes, { ordered: false });
  }
}

/** What an aggregate is found by. */
export function aggregateKey({ box_id, window_seconds, timestamp_ms }: NewAggregate): Document {
  return { box_id, window_seconds: int32(window_seconds), timestamp_ms: int64(timestamp_ms) };
}

/** All other fields but the expiry. */
export function aggregateValues(aggregate: NewAggregate): Document {
  const { location, measurements, flagged, coverage, voltage, frequency, thd } = aggregate;
  const values: Document = {
    location,
    measurements: int32(measurements),
    flagged: int32(flagged),
    coverage: double(coverage),
  };
  if (voltage !== undefined) values.voltage = rmsFields(voltage);
  if (frequency !== undefined) {
    const { min, max, average } = frequency;
    values.frequency = { min: double(min), max: double(max), average: double(average) };
    if (frequency.ten_second !== undefined) values.frequency.ten_second = frequency.ten_second.map(double);
  }
  if (thd !== undefined) {
    values.thd = rmsFields(thd);
    const spread = thd.three_second;
    if (spread !== undefined) {
      const counts = spread.counts.map(int32);
      values.thd.three_second = { step: double(spread.step), from: int32(spread.from), counts };
    }
  }
  return values;
}

interface Rms {
  rms: number;
  min: number;
  max: number;
}

const rmsFields = ({ rms, min, max }: Rms): Document => ({
  rms: double(rms),
  min: double(min),
  max: double(max),
});

export function readAggregates(
  context: Context,
  boxId: string,
  windowSeconds: AggregateSeconds,
  range: TimeRange = {},
): AsyncIterable<AggregateDocument> {
  const filter = { box_id: boxId, window_seconds: int32(windowSeconds) };
  return streamed(collection(context, 'aggregates'), filter, 'timestamp_ms', range, aggregateOf);
}

function aggregateOf(document: Document): AggregateDocument {
  const aggregate: AggregateDocument = {
    box_id: boxIdOf(document.box_id) ?? '',
    timestamp_ms: numberOf(document.timestamp_ms) ?? 0,
    window_seconds: numberOf(document.window_seconds) === 600 ? 600 : 7200,
    location: textOf(document.location) ?? 'unknown',
    measurements: numberOf(document.measurements) ?? 0,
    flagged: numberOf(document.flagged) ?? 0,
    coverage: numberOf(document.coverage) ?? 0,
    expire_at: numberOf(document.expire_at) ?? expireAtOf(document),
  };
  const voltage = rmsOf(document.voltage);
  if (voltage !== undefined) aggregate.voltage = voltage;
  const frequency = minMaxAverage(document.frequency);
  if (frequency !== undefined) {
    const { ten_second } = recordOf(document.frequency);
    const isThere = Array.isArray(ten_second);
    aggregate.frequency = isThere ? { ...frequency, ten_second: listOf(ten_second, numberOf) } : frequency;
  }
  const thd = rmsOf(document.thd);
  if (thd !== undefined) {
    const spread = recordOf(recordOf(document.thd).three_second);
    const [step, from] = [numberOf(spread.step), numberOf(spread.from)];
    const isThere = step !== undefined && from !== undefined;
    aggregate.thd = isThere
      ? { ...thd, three_second: { step, from, counts: listOf(spread.counts, numberOf) } }
      : thd;
  }
  return aggregate;
}

function rmsOf(value: unknown): Rms | undefined {
  const fields = recordOf(value);
  const [rms, min, max] = [numberOf(fields.rms), numberOf(fields.min), numberOf(fields.max)];
  return rms === undefined || min === undefined || max === undefined ? undefined : { rms, min, max };
}

function minMaxAverage(value: unknown): MinMaxAverage | undefined {
  const fields = recordOf(value);
  const [min, max, average] = [numberOf(fields.min), numberOf(fields.max), numberOf(fields.average)];
  return min === undefined || max === undefined || average === undefined ? undefined : { min, max, average };
}

/** By the index that begins with the box id: documents are not read. */
export async function measurementCounts(
  context: Context,
  boxId: string,
  stepMs: number,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<MeasurementCount[]> {
  const startMs = { $subtract: ['$timestamp_ms', { $mod: ['$timestamp_ms', int64(stepMs)] }] };
  const groups = await mapped('count measurements', () =>
    collection(context, 'measurements')
      .aggregate([
        { $match: { box_id: boxId, timestamp_ms: { $gte: int64(fromMs), $lt: int64(toMs) } } },
        { $group: { _id: startMs, count: { $sum: 1 } } },
        { $sort: { _id: 1 } },
      ])
      .toArray(),
  );
  return groups.map(({ _id, count }) => ({ startMs: numberOf(_id) ?? 0, count: numberOf(count) ?? 0 }));
}
