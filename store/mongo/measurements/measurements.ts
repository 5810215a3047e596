/** Measurements: unordered bulk inserts from columns, duplicates ignored and counted; other values under a time that is taken are moved. */
import type { Document } from 'mongodb';
import { MakaiError } from '../../../common/errors.js';
import type { MeasurementColumns } from '../../../proto/columns.js';
import type { MeasurementDocument, Stored, TimeRange } from '../../documents.js';
import { COLLECTION, type Context, collection } from '../connection/context.js';
import { streamed } from '../connection/cursor.js';
import { DUPLICATE_KEY, mapped } from '../connection/errors.js';
import { int64, listOf, numberOf, recordOf } from '../fields/bson.js';
import { prolonged } from '../maintenance/prolong.js';
import { measurementDocument, measurementOf } from './measurement-document.js';
import { isSameMeasurement, moved } from './repeated-times.js';

/** Documents in one insert command: large enough that the round trip does not matter, small enough that a server replies within a second. */
const INSERT_SIZE = 1_000;
/** Boxes asked for in one query when we look for what is stored. */
const BOXES_A_QUERY = 50;

export async function insertMeasurements(
  context: Context,
  batch: MeasurementColumns,
  acceptedAtMs: number,
): Promise<Stored> {
  const expiry = await context.expiry.fields('measurements', acceptedAtMs);
  const seen = new Map<string, Document>();
  const result = { inserted: 0, duplicates: 0 };
  const repeats: Document[] = [];
  const arrival = new Map<Document, number>();
  let documents: Document[] = [];
  for (let index = 0; index < batch.count; index += 1) {
    const key = `${batch.boxId[index]} ${Math.floor(batch.timestampMs[index] ?? 0)}`;
    const document = measurementDocument(batch, index, expiry, context.misspeltTime);
    arrival.set(document, index);
    const before = seen.get(key);
    if (before !== undefined) {
      if (isSameMeasurement(before, document)) result.duplicates += 1;
      else repeats.push(document);
      continue;
    }
    seen.set(key, document);
    documents.push(document);
    if (documents.length >= INSERT_SIZE) {
      await insertDocuments(context, documents, result, repeats);
      documents = [];
    }
  }
  if (documents.length > 0) await insertDocuments(context, documents, result, repeats);
  if (repeats.length > 0) {
    repeats.sort((a, b) => (arrival.get(a) ?? 0) - (arrival.get(b) ?? 0));
    const placed = await moved(context, repeats);
    result.duplicates += repeats.length - placed.length;
    if (placed.length > 0) await insertDocuments(context, placed, result);
  }
  return result;
}

/**
 * Inserts documents in the form of the collection; adds to `result` what was inserted and what was there already.
 * @param repeats gets those whose box and time are stored with other values; left out: what is stored is left as it is, and they count as there
 */
export async function insertDocuments(
  context: Context,
  documents: Document[],
  result: Stored,
  repeats?: Document[],
): Promise<void> {
  await prolonged(context, 'measurements', documents, timeOf, prolong);
  const fresh = context.plain.has(COLLECTION.measurements)
    ? await withoutStored(context, documents, result, repeats)
    : documents;
  if (fresh.length === 0) return;
  const refused = await insertUnordered(context, fresh);
  result.inserted += fresh.length - refused.length;
  if (refused.length === 0) return;
  const others = refused.filter(({ code }) => code !== DUPLICATE_KEY);
  const doubles = refused.filter(({ code }) => code === DUPLICATE_KEY).map(({ document }) => document);
  // A duplicate key may be that of an index that is not ours: only what is really there under this box and time is a duplicate.
  const missing = await withoutStored(context, doubles, result, repeats);
  const lost = others.length + missing.length;
  if (lost > 0) {
    const reason = others[0]?.message ?? 'another unique index of the collection measurements';
    throw new MakaiError('STORE_REFUSED', `the database refused ${lost} measurements: ${reason}`, {
      hint: '`makai store check` lists validators and indexes that stand in the way.',
    });
  }
}

/** Inserts and gives what was refused. The command itself, not `insertMany`: the reply lists refusals without an exception each. */
async function insertUnordered(
  context: Context,
  documents: Document[],
): Promise<{ document: Document; code: number; message: string }[]> {
  const reply = await mapped('insert measurements', () =>
    context.db.command({
      insert: COLLECTION.measurements,
      documents,
      ordered: false,
      writeConcern: { w: 'majority', j: true, wtimeout: 10_000 },
    }),
  );
  checkDurable(reply, 'insert measurements');
  return listOf(reply.writeErrors, (entry) => {
    const { index, code, errmsg } = recordOf(entry);
    const document = documents[numberOf(index) ?? -1];
    return document === undefined
      ? undefined
      : { document, code: numberOf(code) ?? 0, message: String(errmsg).slice(0, 300) };
  });
}

/** @throws MakaiError STORE_UNAVAILABLE when the write was done but not by a majority: it is repeated until it is. */
export function checkDurable(reply: Document, doing: string): void {
  const concern = recordOf(reply.writeConcernError);
  if (Object.keys(concern).length === 0) return;
  throw new MakaiError('STORE_UNAVAILABLE', `could not ${doing} durably: ${String(concern.errmsg)}`, {
    hint: 'Not enough members of the replica set acknowledge writes.',
  });
}

/** The documents whose box and time are not stored yet; adds the others to the duplicates, or to the repeats. Asked for by exact keys: late measurements make a batch's span of time a long one. */
async function withoutStored(
  context: Context,
  documents: Document[],
  result: Stored,
  repeats: Document[] | undefined,
): Promise<Document[]> {
  const times = new Map<string, Document['timestamp_ms'][]>();
  for (const { box_id, timestamp_ms } of documents) {
    const ofBox = times.get(box_id) ?? [];
    times.set(box_id, ofBox);
    ofBox.push(timestamp_ms);
  }
  const keys = [...times].map(([box_id, ofBox]) => ({ box_id, timestamp_ms: { $in: ofBox } }));
  const stored = new Map<string, Document>();
  for (let at = 0; at < keys.length; at += BOXES_A_QUERY) {
    const cursor = collection(context, 'measurements').find(
      { $or: keys.slice(at, at + BOXES_A_QUERY) },
      { batchSize: 10_000 },
    );
    await mapped('look for stored measurements', async () => {
      for await (const found of cursor) stored.set(`${found.box_id} ${numberOf(found.timestamp_ms)}`, found);
    });
  }
  return documents.filter((document) => {
    const before = stored.get(`${document.box_id} ${timeOf(document)}`);
    if (before === undefined) return true;
    if (repeats === undefined || isSameMeasurement(before, document)) result.duplicates += 1;
    else repeats.push(document);
    return false;
  });
}

const timeOf = (document: Document): number => numberOf(document.timestamp_ms) ?? 0;

/** Later, never earlier. */
function prolong(document: Document, expireAt: number): void {
  if (expireAt > (numberOf(document.expire_at) ?? 0)) document.expire_at = int64(expireAt);
}

export function readMeasurements(
  context: Context,
  boxId: string,
  range: TimeRange = {},
): AsyncIterable<MeasurementDocument> {
  return streamed(
    collection(context, 'measurements'),
    { box_id: boxId },
    'timestamp_ms',
    range,
    measurementOf,
  );
}
