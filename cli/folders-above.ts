import { dirname } from 'node:path';

/** The folders that contain a path, from the root down. */
export function foldersAbove(path: string): string[] {
  const above = dirname(path);
  return above === path ? [] : [...foldersAbove(above), above];
}
