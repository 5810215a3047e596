/** What to do, in the words of an instance: its units are `makai-...@NAME`, its keys are in its own folder. */
import { basename, dirname, resolve } from 'node:path';
import { INSTANCES } from '../install/units.js';
import type { Diagnosis } from './diagnosis.js';

/** @param folder settings of an instance; a diagnosis of any other folder stays as it is */
export function ofInstance(one: Diagnosis, folder: string | undefined): Diagnosis {
  if (one.todo === undefined || folder === undefined) return one;
  const settings = resolve(folder);
  if (dirname(settings) !== INSTANCES.settings) return one;
  const todo = one.todo
    .replaceAll(/(systemctl \w+ makai-[a-z-]+)/g, `$1@${basename(settings)}`)
    .replaceAll(/(makai keys [a-z-]+)/g, `$1 --dir ${settings}/curve`);
  return { ...one, todo };
}
