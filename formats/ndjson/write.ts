/** NDJSON: one JSON document per line, with the field names of the data model. */
/**
 * A line for a document. NaN and infinities, which JSON does not have, become `null`, dates ISO 8601.
 * Fields that are undefined are left out.
 */
export function ndjsonLine(document: object): string {
  return `${JSON.stringify(document)}\n`;
}
