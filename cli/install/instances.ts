/** Which instances this machine has, and where their files are. */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { KIND_NAMES, type Kind } from '../../config/kind-names.js';
import { KINDS } from '../../config/kinds.js';
import { isAt } from './steps.js';
import { INSTANCES } from './units.js';

/** Whether a unit and a folder can have this name. */
export function isInstanceName(name: string): boolean {
  return /^[a-z0-9][a-z0-9_]{0,30}$/.test(name);
}

/** Settings and state of an instance. */
export function instanceFolders(instance: string): [settings: string, state: string] {
  return [`${INSTANCES.settings}/${instance}`, `${INSTANCES.state}/${instance}`];
}

/** Its `tmpfiles.d` file, which makes its folders, also where /var was lost. */
export function instanceFoldersFile(instance: string): string {
  return `/etc/tmpfiles.d/makai-${instance}.conf`;
}

/** The settings file of one of its daemons. */
export function instanceFile(instance: string, kind: Kind): string {
  return `${INSTANCES.settings}/${instance}/${basename(KINDS[kind].paths[0])}`;
}

/**
 * Names of the instances: folders of settings with one of our settings files, or with our `tmpfiles.d` file.
 * @throws MakaiError INSTALL_FAILED where a folder cannot be read
 */
export function instances(root = ''): string[] {
  return entries(`${root}${INSTANCES.settings}`).filter((name) => isInstance(name, root));
}

/** What else is in the folders of instances: not ours, and never removed. */
export function othersBesideInstances(root = ''): string[] {
  const ours = instances(root);
  return [INSTANCES.settings, INSTANCES.state].flatMap((folder) =>
    entries(`${root}${folder}`)
      .filter((name) => !ours.includes(name))
      .map((name) => `${root}${folder}/${name}`),
  );
}

function isInstance(name: string, root: string): boolean {
  if (!isInstanceName(name)) return false;
  const files = [instanceFoldersFile(name), ...KIND_NAMES.map((kind) => instanceFile(name, kind))];
  return files.some((path) => isAt(`${root}${path}`));
}

function entries(folder: string): string[] {
  return isAt(folder) ? readdirSync(folder).sort() : [];
}
