/** What `makai install --systemd` does, as steps that can be printed before they are executed. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../common/errors.js';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { exampleConfig } from '../../config/example.js';
import { KIND_NAMES, type Kind } from '../../config/kinds.js';

export interface Step {
  /** one line for a person */
  text: string;
  /** what is done with `--yes` */
  run(): void;
}

/** Default path of each daemon's settings file. */
const CONFIG_FILES: Record<Kind, string> = {
  'triggering-broker': '/etc/opq/triggering_broker.json',
  'acquisition-broker': '/etc/opq/acquisition_broker_config.json',
  'triggering-service': '/etc/opq/makai.conf',
};

export interface InstallOptions {
  /** a folder in place of /: files are written below it and no command is run */
  root?: string;
  /** the program that runs the daemons; this Node by default */
  node?: string;
  /** where the package will be; by default where it is now */
  packageRoot?: string;
  /** folder of the units; /etc/systemd/system by default */
  unitFolder?: string;
  /** false: no initial settings files */
  settings?: boolean;
}

/** Where a package's units are, and where the administrator's are, which come first. */
const PACKAGED_UNITS = '/usr/lib/systemd/system';
const LOCAL_UNITS = '/etc/systemd/system';

/**
 * Units, user, folders and first settings. Settings that exist are left as they are; units are overwritten. Where a package brought the units, those
 * that an earlier `makai install` wrote are removed: they come before the package's, and start another installation.
 * Names of the paths inside the units are those of this installation.
 */
export function installPlan({
  root = '',
  node = process.execPath,
  packageRoot = PACKAGE_ROOT,
  unitFolder = LOCAL_UNITS,
  settings = true,
}: InstallOptions = {}): Step[] {
  const steps: Step[] = [];
  const file = (path: string, text: string, mode = 0o644): void => {
    const target = `${root}${path}`;
    steps.push({
      text: `write ${target}`,
      run: () => {
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, text, { mode });
        // Also if the file existed before.
        chmodSync(target, mode);
      },
    });
  };
  const command = (...words: [string, ...string[]]): void => {
    if (root !== '') return;
    const [program, ...args] = words;
    steps.push({
      text: `run ${words.join(' ')}`,
      run: () => void execFileSync(program, args, { stdio: 'inherit' }),
    });
  };

  if (isPackaged(root, packageRoot)) {
    steps.push({ text: `leave the units in ${PACKAGED_UNITS} to the package`, run: () => undefined });
    for (const unit of unitsOfOthers(root, packageRoot))
      steps.push({
        text: `remove ${root}${LOCAL_UNITS}/${unit}, which starts another installation`,
        run: () => removeLocalUnit(root, unit),
      });
  } else {
    for (const kind of KIND_NAMES) {
      const unit = `makai-${kind}.service`;
      file(`${unitFolder}/${unit}`, localPaths(shipped(`systemd/${unit}`), node, packageRoot));
    }
    file('/usr/lib/sysusers.d/makai.conf', shipped('sysusers.d/makai.conf'));
    file('/usr/lib/tmpfiles.d/makai.conf', shipped('tmpfiles.d/makai.conf'));
  }
  command('systemd-sysusers', 'makai.conf');
  command('systemd-tmpfiles', '--create', 'makai.conf');
  for (const path of Object.values(CONFIG_FILES).filter((name) => existsSync(`${root}${name}`)))
    steps.push({ text: leaving(`${root}${path}`), run: () => undefined });
  for (const kind of settings ? KIND_NAMES : []) {
    const path = CONFIG_FILES[kind];
    if (existsSync(`${root}${path}`)) continue;
    file(path, `${JSON.stringify(exampleConfig(kind), null, 2)}\n`, 0o640);
    if (root === '') steps.push({ text: `let the user opq read ${path}`, run: () => giveToGroup(path) });
  }
  // Not in a container or while an image is made, where there is none to reload.
  if (existsSync('/run/systemd/system')) command('systemctl', 'daemon-reload');
  return steps;
}

/** What to do next. */
export const NEXT_STEPS = [
  'makai keys new-server, then makai keys new-box <id> for each box (as root; private keys belong to opq)',
  'chown -R opq:opq /etc/opq/curve/private_keys',
  'makai doctor',
  `systemctl enable --now ${KIND_NAMES.map((kind) => `makai-${kind}`).join(' ')}`,
];

function shipped(path: string): string {
  return readFileSync(join(PACKAGE_ROOT, 'deploy', path), 'utf8');
}

/** The shipped units contain the usual paths of Node and of a global installation. */
function localPaths(unit: string, node: string, packageRoot: string): string {
  const root = packageRoot.replace(/\/$/, '');
  return unit.replaceAll('/usr/bin/node', node).replaceAll('/usr/lib/node_modules/opq-makai', root);
}

/** Whether a package manager brought this installation together with its units. */
function isPackaged(root: string, packageRoot: string): boolean {
  const unit = `${root}${PACKAGED_UNITS}/makai-${KIND_NAMES[0]}.service`;
  return existsSync(unit) && starts(unit, packageRoot);
}

/** Units that `makai install` of another installation wrote. */
function unitsOfOthers(root: string, packageRoot: string): string[] {
  return KIND_NAMES.map((kind) => `makai-${kind}.service`).filter((unit) => {
    const path = `${root}${LOCAL_UNITS}/${unit}`;
    return existsSync(path) && starts(path, '') && !starts(path, packageRoot);
  });
}

/** A unit that was enabled stays so: what enables it is a link to the file. */
function removeLocalUnit(root: string, unit: string): void {
  const link = `${root}${LOCAL_UNITS}/multi-user.target.wants/${unit}`;
  const isEnabled = existsSync(link);
  rmSync(`${root}${LOCAL_UNITS}/${unit}`);
  if (!isEnabled) return;
  rmSync(link);
  symlinkSync(`${PACKAGED_UNITS}/${unit}`, link);
}

/** Whether a unit starts the installation in a folder; with an empty name, any. */
function starts(unit: string, packageRoot: string): boolean {
  return readFileSync(unit, 'utf8').includes(`${packageRoot.replace(/\/$/, '')}/dist/cli/main.js `);
}

/** An existing settings file is never changed. The step only reports the right that the daemons need. */
function leaving(path: string): string {
  const { gid, mode, uid } = statSync(path);
  const own = idsOfUser();
  const isReadable = (mode & 0o004) !== 0 || (gid === own?.gid && (mode & 0o040) !== 0) || uid === own?.uid;
  const need = isReadable ? '' : ` (the user opq cannot read it: chgrp opq ${path}; chmod 640 ${path})`;
  return `leave ${path} as it is${need}`;
}

function giveToGroup(path: string): void {
  const ids = idsOfUser();
  if (ids === undefined) throw new Error('there is no user opq');
  chownSync(path, 0, ids.gid);
}

/** Undefined if the user does not exist. */
function idsOfUser(): { uid: number; gid: number } | undefined {
  const id = (what: string): number =>
    Number(execFileSync('id', [what, 'opq'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** Executes the steps in order, independent of the caller's umask. @throws Error that names the failed step */
export function perform(steps: readonly Step[], report: (line: string) => void): void {
  const umask = process.umask(0o022);
  try {
    for (const { text, run } of steps) {
      report(text);
      try {
        run();
      } catch (error) {
        throw new Error(`could not ${text}: ${messageOf(error)}`, { cause: error });
      }
    }
  } finally {
    process.umask(umask);
  }
}
