/** What `makai uninstall` does, as steps: what `makai install` wrote is removed; data, settings and keys stay unless they are to be purged. */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { MakaiError } from '../../common/errors.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { disableUnits } from './disable.js';
import { checkInstanceName } from './instance.js';
import { instanceFolders, instanceFoldersFile, instances, othersBesideInstances } from './instances.js';
import { editedCopies, editedCopy, isEdited, RECORD } from './kept-file.js';
import { commands, reload } from './plan.js';
import { removalOfFolder } from './remove-folder.js';
import { idsOfUser, SERVICE_USER } from './service-user.js';
import { isAt, leave, put, type Step, textAt } from './steps.js';
import {
  FOLDERS_FILE,
  isPackaged,
  LOCAL_UNITS,
  PACKAGED_UNITS,
  UNIT_FILES,
  USER_FILE,
  unitNames,
  unitTextLike,
} from './units.js';

const SETTINGS = '/etc/opq';
const STATE = '/var/lib/opq';

export interface UninstallOptions {
  /** a folder in place of /: no command is run */
  root?: string;
  packageRoot?: string;
  /** only this instance; the installation and the other instances stay */
  instance?: string | undefined;
  /** also data, settings, keys and the user */
  purge?: boolean;
}

/**
 * @throws MakaiError NOT_FOUND where there is nothing to remove; INSTALL_FAILED where a file cannot be read, or where a package manager brought the units
 */
export function uninstallPlan(options: UninstallOptions = {}): Step[] {
  return options.instance === undefined ? wholePlan(options) : instancePlan(options.instance, options);
}

function instancePlan(instance: string, { root = '', purge = false }: UninstallOptions): Step[] {
  checkInstanceName(instance);
  const file = instanceFoldersFile(instance);
  const folders = instanceFolders(instance);
  if (![file, ...folders].some((path) => isAt(`${root}${path}`)))
    throw new MakaiError('NOT_FOUND', `there is no instance ${instance}`, {
      hint: 'ls /etc/makai lists them.',
    });
  return [
    ...disableUnits(root, unitNames(instance), [LOCAL_UNITS, PACKAGED_UNITS]),
    ...removal(root, [file]),
    ...kept(root, folders, purge),
  ];
}

function wholePlan({ root = '', packageRoot = PACKAGE_ROOT, purge = false }: UninstallOptions): Step[] {
  if (isPackaged(root, packageRoot))
    throw new MakaiError('INSTALL_FAILED', 'a package manager brought this installation, and removes it', {
      hint: 'apt remove opq-makai. `makai uninstall --instance NAME` removes one instance.',
    });
  const others = instances(root);
  const files = UNIT_FILES.map((name) => `${LOCAL_UNITS}/${name}`);
  const present = files.filter((path) => isAt(`${root}${path}`));
  const own = [USER_FILE, FOLDERS_FILE, ...others.map(instanceFoldersFile)];
  const folders = [SETTINGS, STATE, ...others.flatMap(instanceFolders)];
  if (![...present, ...own, ...(purge ? folders : [])].some((path) => isAt(`${root}${path}`)))
    throw new MakaiError('NOT_FOUND', 'there are no units, and no other files of makai install', {
      hint: purge ? 'Nothing is left to do.' : 'With --purge, settings, keys and data are removed too.',
    });
  const started = [undefined, ...others].flatMap((one) => unitNames(one));
  return [
    ...disableUnits(root, started, [LOCAL_UNITS]),
    ...present.flatMap((path) => unitRemoval(root, path, purge)),
    ...removal(root, own),
    // The administrator's: drop-ins hold again after another installation.
    ...files.flatMap((path) => [
      ...kept(root, [`${path}.d`], purge || isEmpty(`${root}${path}.d`)),
      ...keptCopies(`${root}${path}`, purge),
    ]),
    // The record: of files that are gone.
    ...(isAt(`${root}${RECORD}`)
      ? [{ text: `remove ${root}${RECORD}`, run: () => rmSync(`${root}${RECORD}`, { recursive: true }) }]
      : []),
    ...reload(root),
    ...(root === '' && isAt('/run/systemd/system') ? [resetFailed()] : []),
    ...kept(root, folders, purge),
    ...othersBesideInstances(root).map((path) => leave(`leave ${path}: it is not of an instance`)),
    ...(purge ? userRemoval(root) : [leave(`leave the user ${SERVICE_USER}, who owns them`)]),
    leave(`leave the package in ${packageRoot} (npm uninstall -g opq-makai removes it)`),
  ];
}

/** A unit that was edited is copied first, unless nothing is to be kept. */
function unitRemoval(root: string, path: string, purge: boolean): Step[] {
  const target = `${root}${path}`;
  const text = textAt(target) ?? '';
  const name = path.slice(path.lastIndexOf('/') + 1);
  const unedited = (present: string): string | undefined => unitTextLike(name, present);
  if (purge || !isEdited({ root, path, unedited }, text)) return removal(root, [path]);
  const copy = editedCopy(target);
  return [
    { text: `keep ${target}, which was edited, as ${copy}`, run: () => put(copy, text) },
    ...removal(root, [path]),
  ];
}

function removal(root: string, paths: readonly string[]): Step[] {
  return paths
    .map((path) => `${root}${path}`)
    .filter(isAt)
    .map((target) => ({ text: `remove ${target}`, run: () => rmSync(target) }));
}

function kept(root: string, folders: readonly string[], purge: boolean): Step[] {
  return folders
    .map((path) => `${root}${path}`)
    .filter(isAt)
    .map((target) => (purge ? removalOfFolder(target) : leave(`leave ${target}`)));
}

/** Copies of edited units, made by `makai install` or by an uninstallation before. */
function keptCopies(unit: string, purge: boolean): Step[] {
  return editedCopies(unit).map((copy) =>
    purge ? { text: `remove ${copy}`, run: () => rmSync(copy) } : leave(`leave ${copy}`),
  );
}

function isEmpty(folder: string): boolean {
  return isAt(folder) && readdirSync(folder).length === 0;
}

function userRemoval(root: string): Step[] {
  return idsOfUser() === undefined ? [] : commands(root, ['userdel', SERVICE_USER]);
}

/** Units that had failed are forgotten. Without any systemctl ends with an error. */
function resetFailed(): Step {
  return {
    text: "run systemctl reset-failed 'makai-*'",
    run: () => void execFileSync('sh', ['-c', "systemctl reset-failed 'makai-*' 2>/dev/null || true"]),
  };
}
