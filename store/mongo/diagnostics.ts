/** `makai_metrics` and `health`: what daemons say of themselves and of the boxes, as the programs of 2020 wrote it. */
import type { Document, ObjectId } from 'mongodb';
import type { HealthDocument, MetricsDocument, WriteOptions } from '../store.js';
import { count } from './bson.js';
import { type Context, collection } from './context.js';
import { DUPLICATE_KEY, mapped, serverCode } from './errors.js';
import { contentId } from './ids.js';

export async function insertMetrics(
  context: Context,
  document: MetricsDocument,
  options: WriteOptions = {},
): Promise<void> {
  const traffic =
    'bytes' in document
      ? { bytes: count(document.bytes) }
      : { sent: count(document.sent), recv: count(document.recv) };
  const at = options.acceptedAtMs ?? context.now();
  const _id = contentId(at, String(at), JSON.stringify(document));
  await insertOnce(context, 'metrics', { _id, name: document.name, ...traffic });
}

export async function insertHealth(context: Context, document: HealthDocument): Promise<void> {
  const { timestamp, service, serviceID, status, info } = document;
  const at = timestamp.getTime();
  const _id = contentId(at, JSON.stringify([at, service, serviceID, status, info]));
  await insertOnce(context, 'health', { _id, timestamp, service, serviceID, status, info });
}

/** One that is there already is the same one, written before. */
async function insertOnce(
  context: Context,
  name: 'metrics' | 'health',
  document: Document & { _id: ObjectId },
): Promise<void> {
  await mapped(`write ${name}`, async () => {
    try {
      await collection(context, name).insertOne(document);
    } catch (error) {
      if (serverCode(error) !== DUPLICATE_KEY) throw error;
    }
  });
}
