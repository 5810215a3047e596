/** The units: those that ship, with the paths of this installation, and templates of them for further instances (`makai-...@NAME.service`). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { KIND_NAMES, type Kind } from '../../config/kind-names.js';
import { KINDS } from '../../config/kinds.js';
import { textAt } from './steps.js';

/** Where a package's units are, and where the administrator's are, which come first. */
export const PACKAGED_UNITS = '/usr/lib/systemd/system';
export const LOCAL_UNITS = '/etc/systemd/system';

/** Settings and keys of instances are below the first, stores below the second: a folder for each. */
export const INSTANCES = { settings: '/etc/makai', state: '/var/lib/makai' } as const;

/** The files of `sysusers.d` and `tmpfiles.d`. */
export const USER_FILE = '/usr/lib/sysusers.d/makai.conf';
export const FOLDERS_FILE = '/usr/lib/tmpfiles.d/makai.conf';

/** Names of the units: of one daemon each, then the templates. */
export const UNIT_FILES: readonly string[] = ['', '@'].flatMap((at) =>
  KIND_NAMES.map((kind) => `makai-${kind}${at}.service`),
);

/** The units that are started: of the installation itself, or of an instance. */
export function unitNames(instance?: string): string[] {
  return KIND_NAMES.map((kind) => `makai-${kind}${instance === undefined ? '' : `@${instance}`}.service`);
}

/** A file of deploy/. */
export function shipped(path: string): string {
  return readFileSync(join(PACKAGE_ROOT, 'deploy', path), 'utf8');
}

/** Text of a unit (a name of `UNIT_FILES`) that starts an installation. */
export function unitText(name: string, node: string, packageRoot: string): string {
  const kind = KIND_NAMES.find((one) => name.startsWith(`makai-${one}`));
  if (kind === undefined) throw new Error(`no unit is called ${name}`);
  const text = shipped(`systemd/makai-${kind}.service`);
  return localPaths(name.includes('@') ? template(kind, text) : text, node, packageRoot);
}

/** As `unitText`, with the paths that an existing unit has: the same text if nobody edited it. */
export function unitTextLike(name: string, present: string): string | undefined {
  const paths = /^ExecStart=(\S+) (\S+)\/dist\/cli\/main\.js /m.exec(present);
  const [, node, packageRoot] = paths ?? [];
  return node === undefined || packageRoot === undefined ? undefined : unitText(name, node, packageRoot);
}

/** Whether a unit starts the installation in a folder; with an empty name, any. */
export function starts(text: string, packageRoot: string): boolean {
  return text.includes(`${packageRoot.replace(/\/$/, '')}/dist/cli/main.js `);
}

/** Whether a package manager brought this installation together with its units. */
export function isPackaged(root: string, packageRoot: string): boolean {
  const text = textAt(`${root}${PACKAGED_UNITS}/makai-${KIND_NAMES[0]}.service`);
  return text !== undefined && starts(text, packageRoot);
}

/** The shipped units contain the usual paths of Node and of a global installation. */
function localPaths(unit: string, node: string, packageRoot: string): string {
  const root = packageRoot.replace(/\/$/, '');
  return unit.replaceAll('/usr/bin/node', node).replaceAll('/usr/lib/node_modules/opq-makai', root);
}

/** The same unit with the settings, state and neighbours of an instance, `%i`. */
function template(kind: Kind, unit: string): string {
  const settings = `${INSTANCES.settings}/%i/${KINDS[kind].paths[0].split('/').at(-1)}`;
  return unit
    .replace(/^Description=Makai (\S+):/m, 'Description=Makai $1 %i:')
    .replace(/^(ExecStart=.*)$/m, `$1 ${settings}`)
    .replaceAll(/makai-([a-z-]+)\.service/g, 'makai-$1@%i.service')
    .replace(/^SyslogIdentifier=(.*)$/m, 'SyslogIdentifier=$1@%i')
    .replace(/-t (makai-[a-z-]+) /, '-t $1@NAME ')
    .replace('StateDirectory=opq', 'StateDirectory=makai/%i')
    .replace('ConfigurationDirectory=opq', 'ConfigurationDirectory=makai/%i')
    .replace('WorkingDirectory=/var/lib/opq', 'WorkingDirectory=/var/lib/makai/%i');
}
