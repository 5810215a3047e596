/** Groups of fields, as the file names them, as settings. */
import type { CamelCased } from './settings.js';

export function camelCased<T extends object>(group: T): CamelCased<T> {
  const entries = Object.entries(group).map(([name, value]) => [
    name.replaceAll(/_(.)/g, (_match, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(entries) as CamelCased<T>; // what CamelCase does to the names
}
