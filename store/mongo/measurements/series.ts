/** Series of plugins (`makai_series`) and what plugins keep over restarts (`makai_plugin_state`), both ours alone. */
import type { AnyBulkWriteOperation, Document } from 'mongodb';
import type {
  PluginState,
  SeriesDocument,
  SeriesName,
  SeriesValue,
  Stored,
  TimeRange,
} from '../../documents.js';
import { type Context, collection } from '../connection/context.js';
import { streamed } from '../connection/cursor.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { boxIdOf, double, int64, numberOf, recordOf, textOf } from '../fields/bson.js';
import { expireAtOf } from './measurement-document.js';

const WRITES_AT_ONCE = 1000;

export async function putSeries(
  context: Context,
  values: readonly SeriesValue[],
  acceptedAtMs: number,
): Promise<Stored> {
  const { expire_at, expireAt } = await context.expiry.fields('trends', acceptedAtMs);
  const $max = { expire_at, ...(expireAt === undefined ? {} : { expireAt }) };
  const writes = values.map((value): AnyBulkWriteOperation<Document> => {
    const update = { $set: { value: double(value.value) }, $max };
    return { updateOne: { filter: seriesKey(value), update, upsert: true } };
  });
  for (let at = 0; at < writes.length; at += WRITES_AT_ONCE) {
    const part = writes.slice(at, at + WRITES_AT_ONCE);
    await mapped('write series', () => upsertAll(context, part));
  }
  return { inserted: values.length, duplicates: 0 };
}

/** Two upserts of the same value at the same time: one meets the other's document in the unique index, and finds it the second time. */
async function upsertAll(context: Context, writes: AnyBulkWriteOperation<Document>[]): Promise<void> {
  try {
    await collection(context, 'series').bulkWrite(writes, { ordered: false });
  } catch (error) {
    if (serverCode(error) !== DUPLICATE_KEY) throw error;
    await collection(context, 'series').bulkWrite(writes, { ordered: false });
  }
}

/** What a value is found by. */
export function seriesKey({ plugin, series, box_id, timestamp_ms }: SeriesValue): Document {
  return { plugin, series, box_id, timestamp_ms: int64(timestamp_ms) };
}

export async function seriesNames(context: Context): Promise<SeriesName[]> {
  const groups = await mapped('list the series', () =>
    collection(context, 'series')
      .aggregate([{ $group: { _id: { plugin: '$plugin', series: '$series', box_id: '$box_id' } } }])
      .toArray(),
  );
  return groups
    .map(({ _id }) => nameOf(recordOf(_id)))
    .sort((a, b) =>
      a.plugin === b.plugin ? compare(a.series, b.series) || byId(a, b) : compare(a.plugin, b.plugin),
    );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byId = (a: SeriesName, b: SeriesName): number =>
  a.box_id.length - b.box_id.length || compare(a.box_id, b.box_id);

export function readSeries(
  context: Context,
  name: SeriesName,
  range: TimeRange = {},
): AsyncIterable<SeriesDocument> {
  const { plugin, series, box_id } = name;
  return streamed(
    collection(context, 'series'),
    { plugin, series, box_id },
    'timestamp_ms',
    range,
    seriesValue,
  );
}

function seriesValue(document: Document): SeriesDocument {
  return {
    ...nameOf(document),
    timestamp_ms: numberOf(document.timestamp_ms) ?? 0,
    value: numberOf(document.value) ?? Number.NaN,
    expire_at: numberOf(document.expire_at) ?? expireAtOf(document),
  };
}

function nameOf(fields: Document): SeriesName {
  return {
    plugin: textOf(fields.plugin) ?? '',
    series: textOf(fields.series) ?? '',
    box_id: boxIdOf(fields.box_id) ?? '',
  };
}

export async function putPluginState(
  context: Context,
  { plugin, format, body }: PluginState,
  nowMs: number,
): Promise<void> {
  const $set = { format, body, updated_ms: int64(nowMs) };
  await mapped('keep the state of a plugin', () =>
    collection(context, 'pluginState').updateOne({ plugin }, { $set }, { upsert: true }),
  );
}

export async function readPluginState(context: Context, plugin: string): Promise<PluginState | undefined> {
  const found = await mapped('read the state of a plugin', () =>
    collection(context, 'pluginState').findOne({ plugin }),
  );
  const body = textOf(found?.body);
  if (body === undefined) return undefined;
  return { plugin, format: found?.format === 'bytes' ? 'bytes' : 'json', body };
}
