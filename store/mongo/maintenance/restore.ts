/** Documents written as they are in another store, for `makai store copy`. Those that are there already are left as they are. */
import { type Document, ObjectId, type PushOperator } from 'mongodb';
import { METRIC_FIELD, type MetricField } from '../../../proto/columns.js';
import type {
  AggregateDocument,
  BoxEventDocument,
  EventDocument,
  IncidentDocument,
  MeasurementDocument,
  SeriesDocument,
  Stored,
  StoredDocuments,
  TrendDocument,
} from '../../documents.js';
import { type Context, collection } from '../connection/context.js';
import { DUPLICATE_KEY, mapped, serverCode } from '../connection/errors.js';
import { insertBoxEvent } from '../events/box-events.js';
import { deleteOthers, fileIdAt, writeFile } from '../events/gridfs.js';
import { boxIdOf, double, int32, int64 } from '../fields/bson.js';
import { boxTimeId } from '../fields/ids.js';
import { insertIncident } from '../incidents/incidents.js';
import { aggregateKey, aggregateValues } from '../measurements/aggregates.js';
import { insertDocuments } from '../measurements/measurements.js';
import { seriesKey } from '../measurements/series.js';
import { flaggedBson } from '../measurements/trends.js';

const FIELDS: readonly MetricField[] = Object.values(METRIC_FIELD);
/** Documents in one insert command. */
const AT_ONCE = 1_000;

export async function restore(context: Context, documents: StoredDocuments): Promise<Stored> {
  const {
    measurements = [],
    trends = [],
    aggregates = [],
    series = [],
    events = [],
    boxEvents = [],
    incidents = [],
  } = documents;
  const result = { inserted: 0, duplicates: 0 };
  for (let at = 0; at < measurements.length; at += AT_ONCE) {
    const part = measurements.slice(at, at + AT_ONCE).map((document) => measurementBson(context, document));
    await insertDocuments(context, part, result);
  }
  const count = (inserted: boolean): void => {
    result[inserted ? 'inserted' : 'duplicates'] += 1;
  };
  for (const document of trends) count(await restoreTrend(context, document));
  for (const document of aggregates) count(await restoreAggregate(context, document));
  for (const document of series) count(await restoreValue(context, document));
  for (const document of events) count(await restoreEvent(context, document));
  for (const { document, bytes } of boxEvents) count(await restoreBoxEvent(context, document, bytes));
  for (const { document, bytes } of incidents) count(await restoreIncident(context, document, bytes));
  return result;
}

/** Box ids with measurements or trends, by the indexes that begin with the box id. */
export async function boxIdsWithData(context: Context): Promise<string[]> {
  const ids = await mapped('list the boxes with data', () =>
    Promise.all([
      collection(context, 'measurements').distinct('box_id'),
      collection(context, 'trends').distinct('box_id'),
      collection(context, 'aggregates').distinct('box_id'),
    ]),
  );
  return [...new Set(ids.flat().flatMap((id) => boxIdOf(id) ?? []))];
}

function measurementBson(context: Context, document: MeasurementDocument): Document {
  const { box_id, timestamp_ms, invalid, extremes, reported_timestamp_ms: reported } = document;
  const bson: Document = {
    _id: idOf(box_id, timestamp_ms),
    box_id,
    timestamp_ms: int64(timestamp_ms),
    ...expiryFields(context, document.expire_at),
  };
  if (context.misspeltTime) bson.timetstamp_ms = int64(timestamp_ms);
  if (reported !== undefined) bson.reported_timestamp_ms = int64(reported);
  const limits: Document = {};
  for (const field of FIELDS) {
    const value = document[field];
    if (value !== undefined) bson[field] = double(value);
    const extreme = extremes?.[field];
    if (extreme !== undefined) limits[field] = { min: double(extreme.min), max: double(extreme.max) };
  }
  if (Object.keys(limits).length > 0) bson.extremes = limits;
  if (invalid !== undefined) bson.invalid = [...invalid];
  if (document.flagged !== undefined) bson.flagged = [...document.flagged];
  return bson;
}

function restoreValue(context: Context, document: SeriesDocument): Promise<boolean> {
  const fields = { value: double(document.value), ...expiryFields(context, document.expire_at) };
  return insertMissing(context, 'series', seriesKey(document), fields);
}

function restoreAggregate(context: Context, document: AggregateDocument): Promise<boolean> {
  const fields = { ...aggregateValues(document), ...expiryFields(context, document.expire_at) };
  return insertMissing(context, 'aggregates', aggregateKey(document), fields);
}

function restoreTrend(context: Context, document: TrendDocument): Promise<boolean> {
  const { box_id, timestamp_ms, location } = document;
  const fields: Document = {
    _id: idOf(box_id, timestamp_ms),
    location,
    ...flaggedBson(document),
    ...expiryFields(context, document.expire_at),
  };
  for (const field of FIELDS) {
    const metric = document[field];
    if (metric === undefined) continue;
    const { min, max, average } = metric;
    fields[field] = { min: double(min), max: double(max), average: double(average) };
  }
  return insertMissing(context, 'trends', { box_id, timestamp_ms: int64(timestamp_ms) }, fields);
}

async function restoreEvent(context: Context, event: EventDocument): Promise<boolean> {
  const { event_id, family, type, latencies_ms, percent_magnitude } = event;
  const inserted = await insertMissing(
    context,
    'events',
    { event_id: int32(event_id) },
    {
      ...(type === undefined ? {} : { type }),
      description: event.description,
      boxes_triggered: [...event.boxes_triggered],
      boxes_received: [...event.boxes_received],
      ...(latencies_ms === undefined ? {} : { latencies_ms: latencies_ms.map(int64) }),
      ...(percent_magnitude === undefined ? {} : { percent_magnitude: double(percent_magnitude) }),
      ...(family === undefined ? {} : { family: int32(family) }),
      ...(event.request_data === false ? { request_data: false } : {}),
      ...(event.boxes_refused === undefined ? {} : { boxes_refused: event.boxes_refused }),
      ...(event.kept === true ? { kept: true } : {}),
      ...(event.waveforms_deleted_ms === undefined
        ? {}
        : { waveforms_deleted_ms: int64(event.waveforms_deleted_ms) }),
      target_event_start_timestamp_ms: int64(event.target_event_start_timestamp_ms),
      target_event_end_timestamp_ms: int64(event.target_event_end_timestamp_ms),
      ...expiryFields(context, event.expire_at),
    },
  );
  if (!inserted) {
    for (const [i, box] of event.boxes_received.entries()) {
      await addReceived(context, event_id, box, latencies_ms?.[i]);
    }
  }
  return inserted;
}

async function addReceived(
  context: Context,
  eventId: number,
  box: string,
  latencyMs: number | undefined,
): Promise<void> {
  const latency = latencyMs === undefined ? {} : { latencies_ms: int64(latencyMs) };
  const reply = { boxes_received: box, ...latency } as unknown as PushOperator<Document>;
  await mapped(`note the reply of box ${box} to event ${eventId}`, () =>
    collection(context, 'events').updateOne(
      { event_id: int32(eventId), boxes_received: { $ne: box } },
      { $push: reply },
    ),
  );
}

async function restoreBoxEvent(
  context: Context,
  boxEvent: BoxEventDocument,
  bytes: Uint8Array | undefined,
): Promise<boolean> {
  const { event_id, box_id, data_fs_filename } = boxEvent;
  const stored = await mapped(`look for box ${box_id} of event ${event_id}`, () =>
    collection(context, 'boxEvents').findOne({ event_id: int32(event_id), box_id }),
  );
  if (stored !== null) return false;
  if (bytes !== undefined) {
    const fileId = fileIdAt(boxEvent.event_end_timestamp_ms, data_fs_filename, bytes);
    await deleteOthers(context, data_fs_filename, fileId);
    const metadata = { event_id: int32(event_id), box_id };
    await writeFile(context, data_fs_filename, bytes, metadata, context.now(), fileId);
  }
  return insertBoxEvent(context, boxEvent);
}

async function restoreIncident(
  context: Context,
  document: IncidentDocument,
  bytes: Uint8Array | undefined,
): Promise<boolean> {
  const inserted = await insertIncident(context, document);
  if (inserted && bytes !== undefined) {
    const metadata = { incident_id: int32(document.incident_id) };
    const { gridfs_filename: name, start_timestamp_ms: startMs } = document;
    await writeFile(context, name, bytes, metadata, context.now(), fileIdAt(startMs, name, bytes));
  }
  return inserted;
}

/** Inserts a document whose key is not there yet; false when it is. */
async function insertMissing(
  context: Context,
  name: 'trends' | 'aggregates' | 'series' | 'events',
  key: Document,
  fields: Document,
): Promise<boolean> {
  return await mapped(`restore ${name}`, async () => {
    try {
      const update = { $setOnInsert: fields };
      const result = await collection(context, name).updateOne(key, update, { upsert: true });
      return result.upsertedCount > 0;
    } catch (error) {
      if (serverCode(error) === DUPLICATE_KEY) return false;
      throw error;
    }
  });
}

const expiryFields = (context: Context, expireAt: number): Document => ({
  ...context.expiry.stored(expireAt),
});

function idOf(boxId: string, timestampMs: number): ObjectId {
  const number = Number(boxId);
  const numeric = String(number) === boxId && number >= 0 && number <= 0xffffffff;
  return numeric ? boxTimeId(number, timestampMs) : new ObjectId();
}
