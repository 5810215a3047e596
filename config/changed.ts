/** What differs between the file that a daemon runs with and one that was read again. */
import { isDeepStrictEqual } from 'node:util';
import type { ConfigFile } from './kinds.js';

/** Names of the fields that differ. An identity that no file names is a new one at each reading, and does not count. */
export function changedFields(present: ConfigFile, next: ConfigFile): string[] {
  const names = new Set([...Object.keys(present.fields), ...Object.keys(next.fields)]);
  return [...names].filter(
    (name) =>
      !isDeepStrictEqual(Reflect.get(present.fields, name), Reflect.get(next.fields, name)) &&
      (name !== 'identity' || next.named.has('identity')),
  );
}
