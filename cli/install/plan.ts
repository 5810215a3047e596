/** What `makai install --systemd` does, as steps that can be printed before they are executed. */
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { exampleConfig } from '../../config/example.js';
import { KIND_NAMES, KINDS } from '../../config/kinds.js';
import { editOf, isEdited, keptFile, moveEdit, RECORD } from './kept-file.js';
import { giveToGroup, leavingSettings } from './service-user.js';
import { isAt, leave, put, type Step, textAt } from './steps.js';
import {
  FOLDERS_FILE,
  isPackaged,
  LOCAL_UNITS,
  PACKAGED_UNITS,
  shipped,
  starts,
  UNIT_FILES,
  USER_FILE,
  unitText,
  unitTextLike,
} from './units.js';

export { perform, type Step } from './steps.js';

export interface InstallOptions {
  /** a folder in place of /: files are written below it and no command is run */
  root?: string;
  /** the program that runs the daemons; this Node by default */
  node?: string;
  /** where the package will be; by default where it is now */
  packageRoot?: string;
}

/**
 * Units, user, folders and first settings. Settings that exist are left as they are; of units that were edited the edit is kept (kept-file.ts). Where
 * a package brought the units, those that an earlier `makai install` wrote are removed: they come before the package's, and start another installation.
 * Names of the paths inside the units are those of this installation.
 * @throws MakaiError INSTALL_FAILED where a file cannot be read
 */
export function installPlan({
  root = '',
  node = process.execPath,
  packageRoot = PACKAGE_ROOT,
}: InstallOptions = {}): Step[] {
  const steps: Step[] = [];
  if (isPackaged(root, packageRoot)) {
    steps.push(leave(`leave the units in ${PACKAGED_UNITS} to the package`));
    for (const unit of unitsOfOthers(root, packageRoot)) steps.push(...removalOfLocal(root, unit));
  } else {
    for (const name of UNIT_FILES)
      steps.push(
        ...keptFile({
          root,
          path: `${LOCAL_UNITS}/${name}`,
          text: unitText(name, node, packageRoot),
          unedited: (present) => unitTextLike(name, present),
        }),
      );
    for (const path of [USER_FILE, FOLDERS_FILE])
      steps.push(...keptFile({ root, path, text: shippedAs(path) }));
  }
  steps.push(
    ...commands(root, ['systemd-sysusers', 'makai.conf'], ['systemd-tmpfiles', '--create', 'makai.conf']),
  );
  const files = KIND_NAMES.map((kind) => ({ kind, path: KINDS[kind].paths[0] }));
  for (const { path } of files.filter((one) => isAt(`${root}${one.path}`)))
    steps.push(leave(leavingSettings(`${root}${path}`)));
  for (const { kind, path } of files)
    if (!isAt(`${root}${path}`)) steps.push(...firstSettings(root, path, exampleConfig(kind)));
  return [...steps, ...reload(root)];
}

/** The files of a package: units, user and folders, written below a folder. */
export function layOut(root: string, node: string, packageRoot: string): Step[] {
  const files: [string, string][] = [
    ...UNIT_FILES.map((name): [string, string] => [
      `${PACKAGED_UNITS}/${name}`,
      unitText(name, node, packageRoot),
    ]),
    ...[USER_FILE, FOLDERS_FILE].map((path): [string, string] => [path, shippedAs(path)]),
  ];
  return files.map(([path, text]) => ({
    text: `write ${root}${path}`,
    run: () => put(`${root}${path}`, text),
  }));
}

/** A first settings file, which only root and the daemons may read. */
export function firstSettings(root: string, path: string, settings: object): Step[] {
  const target = `${root}${path}`;
  const write: Step = {
    text: `write ${target}`,
    run: () => put(target, `${JSON.stringify(settings, null, 2)}\n`, 0o640),
  };
  if (root !== '') return [write];
  return [write, { text: `let the user opq read ${path}`, run: () => giveToGroup(path) }];
}

/** Commands of the system; none below another root. */
export function commands(root: string, ...all: [string, ...string[]][]): Step[] {
  if (root !== '') return [];
  return all.map(([program, ...args]) => ({
    text: `run ${[program, ...args].join(' ')}`,
    run: () => void execFileSync(program, args, { stdio: 'inherit' }),
  }));
}

/** systemd reads the units again. Not in a container or while an image is made, where there is none to reload. */
export function reload(root: string): Step[] {
  return isAt('/run/systemd/system') ? commands(root, ['systemctl', 'daemon-reload']) : [];
}

/** What to do next. */
export const NEXT_STEPS = [
  'makai keys new-server, then makai keys new-box <id> for each box (as root; private keys belong to opq); makai keys new-gateway if the gateway is to read meters',
  'chown -R opq:opq /etc/opq/curve/private_keys',
  'makai doctor',
  `systemctl enable --now ${KIND_NAMES.map((kind) => `makai-${kind}`).join(' ')}`,
];

function shippedAs(path: string): string {
  return shipped(path.replace(/^\/usr\/lib\//, ''));
}

/** Units that `makai install` of another installation wrote. */
function unitsOfOthers(root: string, packageRoot: string): string[] {
  return UNIT_FILES.filter((unit) => {
    const text = textAt(`${root}${LOCAL_UNITS}/${unit}`);
    return text !== undefined && starts(text, '') && !starts(text, packageRoot);
  });
}

/** What was edited in it goes into a drop-in of the package's unit; where that is not possible a copy stays beside it. */
function removalOfLocal(root: string, unit: string): Step[] {
  const path = `${LOCAL_UNITS}/${unit}`;
  const target = `${root}${path}`;
  const present = textAt(target) ?? '';
  const file = { root, path, unedited: (text: string) => unitTextLike(unit, text) };
  return [
    ...(isEdited(file, present) ? moveEdit(target, editOf(root, path, present) ?? '') : []),
    {
      text: `remove ${target}, which starts another installation`,
      run: () => removeLocalUnit(root, unit),
    },
  ];
}

/** A unit that was enabled stays so: what enables it, or instances of it, is a link to the file. */
function removeLocalUnit(root: string, unit: string): void {
  const wants = `${root}${LOCAL_UNITS}/multi-user.target.wants`;
  const [start = '', end = ''] = unit.split('@');
  const links = (isAt(wants) ? readdirSync(wants) : []).filter(
    (name) =>
      (unit.includes('@') ? name.startsWith(`${start}@`) && name.endsWith(end) : name === unit) &&
      lstatSync(`${wants}/${name}`).isSymbolicLink(),
  );
  rmSync(`${root}${LOCAL_UNITS}/${unit}`);
  rmSync(`${root}${RECORD}${LOCAL_UNITS}/${unit}`, { force: true });
  for (const name of links) {
    rmSync(`${wants}/${name}`);
    symlinkSync(`${PACKAGED_UNITS}/${unit}`, `${wants}/${name}`);
  }
}
