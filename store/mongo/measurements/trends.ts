/** Trends: computed by the server from stored measurements, replaced when a late measurement changes them. */
import type { AnyBulkWriteOperation, Document } from 'mongodb';
import { METRIC_FIELD, type MetricField } from '../../../proto/columns.js';
import { locationOf } from '../../boxes.js';
import type {
  MinMax,
  MinMaxAverage,
  NewTrend,
  Retention,
  Stored,
  TimeRange,
  TrendDocument,
  TrendWindow,
} from '../../documents.js';
import { withFlagged } from '../../flagged-trend.js';
import { type Context, collection } from '../connection/context.js';
import { streamed } from '../connection/cursor.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { boxIdOf, double, int64, numberOf, recordOf, textOf } from '../fields/bson.js';
import { boxTimeId } from '../fields/ids.js';
import type { ExpiryFields } from '../maintenance/expiry.js';
import { prolonged } from '../maintenance/prolong.js';
import { expireAtOf } from './measurement-document.js';

const FIELDS: readonly MetricField[] = Object.values(METRIC_FIELD);
/** Boxes in one query: keeps the list of ids small beside the reply. */
const BOXES_AT_ONCE = 500;
const WRITES_AT_ONCE = 1_000;

/**
 * Trends of windows. Windows of the same span (all boxes of one minute) are one query, whose reply is one document per box.
 * @param locations location of each box
 */
export async function computeTrends(
  context: Context,
  windows: readonly TrendWindow[],
  locations: ReadonlyMap<string, string>,
): Promise<(NewTrend | undefined)[]> {
  const spans = new Map<string, { startMs: number; endMs: number; boxIds: string[] }>();
  for (const { boxId, startMs, endMs } of windows) {
    const span = spans.get(`${startMs} ${endMs}`) ?? { startMs, endMs, boxIds: [] };
    spans.set(`${startMs} ${endMs}`, span);
    span.boxIds.push(boxId);
  }
  const found = new Map<string, Document>();
  const life = await context.expiry.seconds('measurements');
  for (const span of spans.values()) {
    const { startMs, endMs } = span;
    const mayLackSome = life !== undefined && startMs + 1000 * life <= context.now();
    const boxIds = mayLackSome ? await withoutTrend(context, span) : span.boxIds;
    for (let at = 0; at < boxIds.length; at += BOXES_AT_ONCE) {
      const groups = await groupByBox(context, boxIds.slice(at, at + BOXES_AT_ONCE), startMs, endMs);
      for (const group of groups) found.set(`${group._id} ${startMs} ${endMs}`, group);
    }
  }
  return windows.map(({ boxId, startMs, endMs }) => {
    const group = found.get(`${boxId} ${startMs} ${endMs}`);
    return group === undefined ? undefined : trendOfGroup(group, boxId, endMs, locations.get(boxId));
  });
}

/** The boxes that have no trend of that window. */
async function withoutTrend(
  context: Context,
  { boxIds, endMs }: { boxIds: string[]; endMs: number },
): Promise<string[]> {
  const there = await mapped('look for trends', () =>
    collection(context, 'trends')
      .find({ box_id: { $in: boxIds }, timestamp_ms: int64(endMs) }, { projection: { _id: 0, box_id: 1 } })
      .toArray(),
  );
  const having = new Set(there.map(({ box_id }) => boxIdOf(box_id)));
  return boxIds.filter((boxId) => !having.has(boxId));
}

function groupByBox(context: Context, boxIds: string[], startMs: number, endMs: number): Promise<Document[]> {
  const group: Document = {
    _id: '$box_id',
    measurements: { $sum: 1 },
    flagged: { $sum: { $cond: [UNFLAGGED, 0, 1] } },
  };
  for (const field of FIELDS) {
    // Infinity stands for "not sent": servers differ in what $min makes of a missing field.
    const min = ifNull(`$extremes.${field}.min`, `$${field}`, Number.POSITIVE_INFINITY);
    const max = ifNull(`$extremes.${field}.max`, `$${field}`, Number.NEGATIVE_INFINITY);
    group[`${field}_min`] = { $min: min };
    group[`${field}_max`] = { $max: max };
    group[`${field}_unflagged_min`] = { $min: { $cond: [UNFLAGGED, min, Number.POSITIVE_INFINITY] } };
    group[`${field}_unflagged_max`] = { $max: { $cond: [UNFLAGGED, max, Number.NEGATIVE_INFINITY] } };
    group[`${field}_average`] = { $avg: `$${field}` };
  }
  const match = {
    box_id: { $in: boxIds },
    timestamp_ms: { $gte: int64(startMs), $lt: int64(endMs) },
  };
  return mapped('compute trends', () =>
    collection(context, 'measurements')
      .aggregate([{ $match: match }, { $group: group }])
      .toArray(),
  );
}

/** Whether a measurement lacks the list `flagged`. */
const UNFLAGGED: Document = { $eq: [{ $ifNull: ['$flagged', 0] }, 0] };

/** The first that is there; nested, since servers before MongoDB 5 take two at a time. */
const ifNull = (first: string, second: string, last: number): Document => ({
  $ifNull: [first, { $ifNull: [second, last] }],
});

function trendOfGroup(
  group: Document,
  boxId: string,
  endMs: number,
  location: string | undefined,
): NewTrend | undefined {
  const metrics: Partial<Record<MetricField, MinMaxAverage>> = {};
  const unflagged: NonNullable<NewTrend['unflagged']> = {};
  for (const field of FIELDS) {
    const values = minMaxAverage({
      min: group[`${field}_min`],
      max: group[`${field}_max`],
      average: group[`${field}_average`],
    });
    if (values !== undefined) metrics[field] = values;
    const range = minMax({ min: group[`${field}_unflagged_min`], max: group[`${field}_unflagged_max`] });
    if (values !== undefined && range !== undefined && range.min <= range.max) unflagged[field] = range;
  }
  const trend = { box_id: boxId, timestamp_ms: endMs, location: locationOf({ location }), ...metrics };
  return withFlagged(trend, numberOf(group.flagged) ?? 0, numberOf(group.measurements) ?? 1, unflagged);
}

function minMax(value: unknown): MinMax | undefined {
  const entry = recordOf(value);
  const min = numberOf(entry.min);
  const max = numberOf(entry.max);
  return min === undefined || max === undefined ? undefined : { min, max };
}

function minMaxAverage(value: unknown): MinMaxAverage | undefined {
  const range = minMax(value);
  const average = numberOf(recordOf(value).average);
  return range === undefined || average === undefined ? undefined : { ...range, average };
}

export async function putTrends(
  context: Context,
  trends: readonly NewTrend[],
  acceptedAtMs: number,
): Promise<Stored> {
  const expiry = await context.expiry.fields('trends', acceptedAtMs);
  for (let at = 0; at < trends.length; at += WRITES_AT_ONCE) {
    const part = trends.slice(at, at + WRITES_AT_ONCE).map((trend) => ({ trend, expiry: { ...expiry } }));
    await prolonged(
      context,
      'trends',
      part,
      ({ trend }) => trend.timestamp_ms,
      (item, expireAt) => {
        if (expireAt > (numberOf(item.expiry.expire_at) ?? 0)) item.expiry.expire_at = int64(expireAt);
      },
    );
    const writes = part.map((item) => replacement(item.trend, item.expiry, context.expiry.mode));
    await mapped('write trends', () => upsertAll(context, writes));
  }
  return { inserted: trends.length, duplicates: 0 };
}

/** Two upserts of the same trend at the same time: one meets the other's document in the unique index, and finds it the second time. */
async function upsertAll(context: Context, writes: AnyBulkWriteOperation<Document>[]): Promise<void> {
  try {
    await collection(context, 'trends').bulkWrite(writes, { ordered: false });
  } catch (error) {
    if (serverCode(error) !== DUPLICATE_KEY) throw error;
    await collection(context, 'trends').bulkWrite(writes, { ordered: false });
  }
}

function replacement(
  trend: NewTrend,
  expiry: ExpiryFields,
  mode: Retention['mode'],
): AnyBulkWriteOperation<Document> {
  const set: Document = { location: trend.location };
  const unset: Document = {};
  for (const field of FIELDS) {
    const metric = trend[field];
    if (metric === undefined) unset[field] = '';
    else {
      set[field] = {
        min: double(metric.min),
        max: double(metric.max),
        average: double(metric.average),
      };
    }
  }
  const { flagged, unflagged } = flaggedBson(trend);
  if (flagged === undefined) unset.flagged = '';
  else set.flagged = flagged;
  if (unflagged === undefined) unset.unflagged = '';
  else set.unflagged = unflagged;
  if (mode === 'ttl') set.expire_at = expiry.expire_at;
  if (expiry.expireAt === undefined) unset.expireAt = '';
  else set.expireAt = expiry.expireAt;
  return {
    updateOne: {
      filter: { box_id: trend.box_id, timestamp_ms: int64(trend.timestamp_ms) },
      update: {
        $setOnInsert: { _id: boxTimeId(Number(trend.box_id) >>> 0, trend.timestamp_ms) },
        $set: set,
        // What was prolonged for an event's sake must not be shortened because a late measurement recomputes the trend.
        ...(mode === 'laha' ? { $max: { expire_at: expiry.expire_at } } : {}),
        ...(Object.keys(unset).length === 0 ? {} : { $unset: unset }),
      },
      upsert: true,
    },
  };
}

/** The fields about flagged measurements, where there are any. */
export function flaggedBson({ flagged, unflagged }: NewTrend): Document {
  const ranges = Object.entries(unflagged ?? {}).map(([field, { min, max }]) => [
    field,
    { min: double(min), max: double(max) },
  ]);
  return {
    ...(flagged === undefined ? {} : { flagged: double(flagged) }),
    ...(unflagged === undefined ? {} : { unflagged: Object.fromEntries(ranges) }),
  };
}

export function readTrends(
  context: Context,
  boxId: string,
  range: TimeRange = {},
): AsyncIterable<TrendDocument> {
  return streamed(collection(context, 'trends'), { box_id: boxId }, 'timestamp_ms', range, trendOf);
}

/** A stored trend, also one that another program wrote. */
export function trendOf(document: Document): TrendDocument {
  const trend: TrendDocument = {
    box_id: boxIdOf(document.box_id) ?? '',
    timestamp_ms: numberOf(document.timestamp_ms) ?? 0,
    location: textOf(document.location) ?? 'unknown',
    expire_at: numberOf(document.expire_at) ?? expireAtOf(document),
  };
  for (const field of FIELDS) {
    const values = minMaxAverage(document[field]);
    if (values !== undefined) trend[field] = values;
  }
  const flagged = numberOf(document.flagged);
  if (flagged === undefined) return trend;
  trend.flagged = flagged;
  const unflagged: NonNullable<TrendDocument['unflagged']> = {};
  for (const field of FIELDS) {
    const range = minMax(recordOf(document.unflagged)[field]);
    if (range !== undefined) unflagged[field] = range;
  }
  if (Object.keys(unflagged).length > 0) trend.unflagged = unflagged;
  return trend;
}
