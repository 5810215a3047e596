/** Measurements: unordered bulk inserts from columns, duplicates ignored and counted. */
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
  const seen = new Set<string>();
  const result = { inserted: 0, duplicates: 0 };
  let documents: Document[] = [];
  for (let index = 0; index < batch.count; index += 1) {
    const key = `${batch.boxId[index]} ${Math.floor(batch.timestampMs[index] ?? 0)}`;
    if (seen.has(key)) {
      result.duplicates += 1;
      continue;
    }
    seen.add(key);
    documents.push(measurementDocument(batch, index, expiry, context.misspeltTime));
    if (documents.length >= INSERT_SIZE) {
      await insertDocuments(context, documents, result);
      documents = [];
    }
  }
  if (documents.length > 0) await insertDocuments(context, documents, result);
  return result;
}

/** Inserts documents in the form of the collection; adds to `result` what was inserted and what was there already. */
export async function insertDocuments(
  context: Context,
  documents: Document[],
  result: Stored,
): Promise<void> {
  await prolonged(context, 'measurements', documents, timeOf, prolong);
  const fresh = context.plain.has(COLLECTION.measurements)
    ? await withoutStored(context, documents)
    : documents;
  result.duplicates += documents.length - fresh.length;
  if (fresh.length === 0) return;
  const refused = await insertUnordered(context, fresh);
  result.inserted += fresh.length - refused.length;
  if (refused.length === 0) return;
  const others = refused.filter(({ code }) => code !== DUPLICATE_KEY);
  const doubles = refused.filter(({ code }) => code === DUPLICATE_KEY).map(({ document }) => document);
  // A duplicate key may be that of an index that is not ours: only what is really there under this box and time is a duplicate.
  const missing = await withoutStored(context, doubles);
  result.duplicates += doubles.length - missing.length;
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

/** The documents whose box and time are not stored yet. Asked for by exact keys: late measurements make a batch's span of time a long one. */
async function withoutStored(context: Context, documents: Document[]): Promise<Document[]> {
  const times = new Map<string, Document['timestamp_ms'][]>();
  for (const { box_id, timestamp_ms } of documents) {
    const ofBox = times.get(box_id) ?? [];
    times.set(box_id, ofBox);
    ofBox.push(timestamp_ms);
  }
  const keys = [...times].map(([box_id, ofBox]) => ({ box_id, timestamp_ms: { $in: ofBox } }));
  const stored = new Set<string>();
  for (let at = 0; at < keys.length; at += BOXES_A_QUERY) {
    const cursor = collection(context, 'measurements').find(
      { $or: keys.slice(at, at + BOXES_A_QUERY) },
      { projection: { _id: 0, box_id: 1, timestamp_ms: 1 }, batchSize: 10_000 },
    );
    await mapped('look for stored measurements', async () => {
      for await (const found of cursor) stored.add(`${found.box_id} ${numberOf(found.timestamp_ms)}`);
    });
  }
  return documents.filter((document) => !stored.has(`${document.box_id} ${timeOf(document)}`));
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
