/** Files that events were imported from: what every store agrees on. */
import { createHash } from 'node:crypto';
import type { OriginalFile } from './documents.js';

/** An original whose event does not follow within this time was left by an import that did not finish, ms. */
export const ORIGINAL_GRACE_MS = 600_000;

/** SHA-256 of a file, or of the hashes of several in their order: the same content under another name is the same recording. */
export function originalHash(files: readonly Pick<OriginalFile, 'bytes'>[]): string {
  const hashes = files.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'));
  const [only] = hashes;
  if (only !== undefined && hashes.length === 1) return only;
  return createHash('sha256').update(hashes.join('\n')).digest('hex');
}
