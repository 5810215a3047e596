/** What differs between the configuration a daemon runs with and one that was read anew. */
import { isDeepStrictEqual } from 'node:util';
import type { AnyConfig } from './kinds.js';
import { isNamed } from './parse.js';

/** Names of the fields that differ. An identity that no file names is a new one at each reading, and does not count. */
export function changedFields<C extends AnyConfig>(present: C, next: C): string[] {
  const names = new Set([...Object.keys(present), ...Object.keys(next)]);
  return [...names].filter(
    (name) =>
      !isDeepStrictEqual(Reflect.get(present, name), Reflect.get(next, name)) &&
      (name !== 'identity' || isNamed(next, 'identity')),
  );
}
