/** `makai_audit`: who changed what. */
import type { Document } from 'mongodb';
import type { AuditDocument } from '../documents.js';
import { type Context, collection } from './connection/context.js';
import { mapped } from './connection/errors.js';
import { int64, numberOf, recordOf, textOf } from './fields/bson.js';

export async function putAudit(context: Context, entry: AuditDocument): Promise<void> {
  const document = { ...entry, timestamp_ms: int64(entry.timestamp_ms) };
  await mapped('write makai_audit', () => collection(context, 'audit').insertOne(document));
}

export async function readAudit(
  context: Context,
  { fromMs = 0, limit, toMs = Number.MAX_SAFE_INTEGER }: { fromMs?: number; toMs?: number; limit: number },
): Promise<AuditDocument[]> {
  const range = { timestamp_ms: { $gte: int64(fromMs), $lt: int64(toMs) } };
  const found = await mapped('read makai_audit', () =>
    collection(context, 'audit').find(range).sort({ timestamp_ms: -1, _id: -1 }).limit(limit).toArray(),
  );
  return found.map(entryOf).reverse();
}

function entryOf(document: Document): AuditDocument {
  return {
    timestamp_ms: numberOf(document.timestamp_ms) ?? 0,
    user: textOf(document.user) ?? '',
    command: textOf(document.command) ?? '',
    subject: textOf(document.subject) ?? '',
    ...(document.before === undefined ? {} : { before: recordOf(document.before) }),
    ...(document.after === undefined ? {} : { after: recordOf(document.after) }),
  };
}
