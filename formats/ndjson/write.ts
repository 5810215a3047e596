/** NDJSON: one JSON document per line, with the field names of the data model. */
import type { Row } from '../parquet/tables.js';

/**
 * A line for a document. NaN and infinities, which JSON does not have, become `null`, dates ISO 8601.
 * Fields that are undefined are left out.
 */
export function ndjsonLine(document: object): string {
  return `${JSON.stringify(document)}\n`;
}

/** Lines in chunks of about 64 kB, so that a million documents are not a million writes. */
export function* ndjsonChunks(documents: Iterable<Row | object>): Generator<string> {
  let chunk = '';
  for (const document of documents) {
    chunk += ndjsonLine(document);
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
