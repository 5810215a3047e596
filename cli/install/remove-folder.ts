/** Folders that are purged. Of a link only the link goes, and a mount point is emptied: what the plan says is what is done. */
import { lstatSync, readdirSync, readlinkSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { codeOf } from '../../common/errors.js';
import type { Step } from './steps.js';

export function removalOfFolder(target: string): Step {
  if (!lstatSync(target).isSymbolicLink())
    return { text: `remove ${target} and all in it`, run: (report) => removeFolder(target, report) };
  const place = resolve(dirname(target), readlinkSync(target));
  return {
    text: `remove the link ${target}, and leave ${place}, which it points to`,
    run: (report) => removeFolder(target, report),
  };
}

/** Also the folder of the instances, once none is left. @param report receives a line for each folder that stays */
export function removeFolder(target: string, report: (line: string) => void): void {
  removeTree(target, report);
  const parent = dirname(target);
  if (/\/(etc|var\/lib)\/makai$/.test(parent) && readdirSync(parent).length === 0)
    removeEmpty(parent, report);
}

/** @returns whether nothing is left: a mount point below keeps the folders above it */
function removeTree(target: string, report: (line: string) => void): boolean {
  if (!lstatSync(target).isDirectory())
    return unlessMounted(
      // Not rmSync: with Node 24 its error has no code.
      () => unlinkSync(target),
      () => report(`leave ${target}: it is a mount point`),
    );
  const isEmpty = readdirSync(target)
    .map((name) => removeTree(`${target}/${name}`, report))
    .every((isGone) => isGone);
  return isEmpty && removeEmpty(target, report);
}

function removeEmpty(folder: string, report: (line: string) => void): boolean {
  return unlessMounted(
    () => rmdirSync(folder),
    () => report(`leave ${folder}, which is empty now: it is a mount point`),
  );
}

function unlessMounted(remove: () => void, onMounted: () => void): boolean {
  try {
    remove();
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EBUSY') throw error;
    onMounted();
    return false;
  }
}
