/**
 * Files that `makai install` writes again at each upgrade, and that an administrator may have edited. What was written is recorded, so an edit is
 * distinguished from an older version: an edited unit is replaced and the edit becomes a drop-in; where a drop-in cannot say it, the file stays.
 */
import { copyFileSync, lstatSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isAt, leave, put, type Step, textAt } from './steps.js';
import { differingLines, dropInFor } from './unit-edits.js';

/** Copies of what was written last, by path. It belongs to root, as the files do. */
export const RECORD = '/var/lib/makai-install';

export interface KeptFile {
  /** folder in place of / */
  root: string;
  path: string;
  /** what this version writes */
  text: string;
  /** the text if nobody edited the file and this version wrote it, for installations without a record */
  unedited?: (present: string) => string | undefined;
}

/** @returns the steps for one file: none if it is what would be written */
export function keptFile(file: KeptFile): Step[] {
  const target = `${file.root}${file.path}`;
  const write: Step = { text: `write ${target}`, run: () => putRecorded(file) };
  if (!isAt(target)) return [write];
  if (lstatSync(target).isSymbolicLink())
    return [leave(`leave ${target} as it is: it is a link, not a file that makai install wrote`)];
  const present = textAt(target) ?? '';
  const base = textAt(`${file.root}${RECORD}${file.path}`);
  if (present === file.text || !isEdited(file, present)) return [write];
  const dropIn = target.endsWith('.service') ? editOf(file.root, file.path, present) : undefined;
  if (dropIn === undefined) return [leave(edited(target, base ?? file.text, present, base === undefined))];
  return [...moveEdit(target, dropIn), write];
}

/** Steps that keep an edit of a unit in a drop-in and the edited file beside it, before the file is replaced or removed. */
export function moveEdit(unit: string, dropIn: string): Step[] {
  const file = dropInFile(unit);
  const target = editedCopy(unit);
  const copy: Step = {
    text: `copy ${unit}, which was edited, to ${target}`,
    run: () => copyFileSync(unit, target),
  };
  if (dropIn === '') return [copy];
  const lines = dropIn.trimEnd().split('\n');
  return [
    copy,
    {
      text: `move the edit to ${file}:${lines.map((line) => `\n      ${line}`).join('')}`,
      // A file that has been edited before: what comes later holds.
      run: () => put(file, `${textAt(file) ?? `# Moved here by makai install from ${unit}.\n`}${dropIn}`),
    },
  ];
}

/** Drop-ins apply in the order of their names: those that the administrator wrote already override the unit, and still override its edit. */
export function dropInFile(unit: string): string {
  return `${unit}.d/00-makai-edits.conf`;
}

/** A name for a copy of an edited unit that overwrites no other copy: `NAME.edited`, `NAME.edited.2`, ... A copy with the same text is used again. */
export function editedCopy(unit: string): string {
  const present = textAt(unit);
  for (let count = 1; ; count++) {
    const name = `${unit}.edited${count === 1 ? '' : `.${count}`}`;
    if (!isAt(name) || textAt(name) === present) return name;
  }
}

/** The copies of an edited unit that exist. */
export function editedCopies(unit: string): string[] {
  const folder = dirname(unit);
  if (!isAt(folder)) return [];
  const start = `${basename(unit)}.edited`;
  return readdirSync(folder)
    .filter((name) => name.startsWith(start) && /^(\.[0-9]+)?$/.test(name.slice(start.length)))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** Whether somebody edited what an earlier `makai install` wrote. Without a record only what this version writes is known as unedited. */
export function isEdited(file: Omit<KeptFile, 'text'>, present: string): boolean {
  return present !== (textAt(`${file.root}${RECORD}${file.path}`) ?? file.unedited?.(present));
}

/** The edit of a unit as a drop-in; undefined where there is no record to compare with, or a drop-in cannot say it. */
export function editOf(root: string, path: string, present: string): string | undefined {
  const base = textAt(`${root}${RECORD}${path}`);
  return base === undefined ? undefined : dropInFor(base, present);
}

function putRecorded({ root, path, text }: KeptFile): void {
  put(`${root}${path}`, text);
  put(`${root}${RECORD}${path}`, text);
}

function edited(target: string, base: string, present: string, isOfOther: boolean): string {
  const why = isOfOther
    ? 'it is not what this version writes, and who changed it is not known'
    : 'it was edited, and a drop-in cannot say that';
  const lines = differingLines(base, present).map((line) => `\n      ${line}`);
  return `leave ${target} as it is: ${why}. To get this version's file, move yours away and run the command again${lines.join('')}`;
}
