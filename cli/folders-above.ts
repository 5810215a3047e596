import { dirname } from 'node:path';

/** The folders that a path lies in, from the root down. */
export function foldersAbove(path: string): string[] {
  const above = dirname(path);
  return above === path ? [] : [...foldersAbove(above), above];
}
