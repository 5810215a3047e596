/** Names for what is moved out of the way: nothing that is there already is overwritten. */
import { lstatSync } from 'node:fs';
import { timeInName } from './backup.js';

/** @returns `prefix` and the time, with a number behind it where that is taken */
export function unusedName(prefix: string, suffixes: readonly string[] = [''], now = new Date()): string {
  const timed = `${prefix}${timeInName(now)}`;
  for (let name = timed, next = 2; ; name = `${timed}-${next}`, next += 1)
    if (!suffixes.some((suffix) => isTaken(`${name}${suffix}`))) return name;
}

/** A symbolic link to nothing takes a name too. */
export function isTaken(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
