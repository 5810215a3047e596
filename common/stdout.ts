/** What programs write to stdout: text, bytes, and JSON documents, one per line (NDJSON). */

/** Writes text or bytes to stdout, and waits while a slow reader has not taken it. */
export async function write(text: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(text)) await new Promise<void>((done) => process.stdout.once('drain', done));
}

/** One document as one line of JSON. Dates become ISO text, bigints numbers in decimal text. */
export function jsonLine(document: unknown): string {
  return `${JSON.stringify(document, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n`;
}
