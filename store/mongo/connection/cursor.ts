/** Reading a range of a collection in order of time, one document after another, whatever its size. */
import type { Collection, Document } from 'mongodb';
import type { TimeRange } from '../../documents.js';
import { int64 } from '../fields/bson.js';
import { mapped } from './errors.js';

/**
 * @param field the time that the range and the order speak of
 * @param tieBreak a second field to order by, where several documents can have the same time
 */
export async function* streamed<T>(
  from: Collection<Document>,
  filter: Document,
  field: string,
  range: TimeRange,
  map: (document: Document) => T,
  tieBreak?: string,
): AsyncGenerator<T> {
  // The driver takes a limit of 0 for "no limit".
  if (range.limit !== undefined && range.limit <= 0) return;
  const direction = range.descending ? -1 : 1;
  const sort: Record<string, 1 | -1> = { [field]: direction };
  if (tieBreak !== undefined) sort[tieBreak] = direction;
  const cursor = from.find({ ...filter, ...timeFilter(field, range) }).sort(sort);
  if (range.limit !== undefined) cursor.limit(range.limit);
  const doing = `read ${from.collectionName}`;
  try {
    for (;;) {
      const document = await mapped(doing, () => cursor.next());
      if (document === null) return;
      yield map(document);
    }
  } finally {
    await cursor.close().catch(() => undefined);
  }
}

function timeFilter(field: string, range: TimeRange): Document {
  const condition: Document = {};
  if (range.fromMs !== undefined) condition.$gte = int64(range.fromMs);
  if (range.toMs !== undefined) condition.$lt = int64(range.toMs);
  return Object.keys(condition).length === 0 ? {} : { [field]: condition };
}
