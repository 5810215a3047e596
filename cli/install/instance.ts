/** A second installation on the same machine: the same program and units, with settings, keys, store and ports of its own. */
import { MakaiError } from '../../common/errors.js';
import { exampleConfig } from '../../config/example.js';
import { KIND_NAMES, type Kind } from '../../config/kinds.js';
import { tryConfig } from '../../config/parse.js';
import { instanceFile, instanceFolders, instanceFoldersFile, isInstanceName } from './instances.js';
import { commands, firstSettings, reload } from './plan.js';
import { portOffset } from './ports.js';
import { leavingSettings } from './service-user.js';
import { isAt, leave, put, type Step } from './steps.js';
import { INSTANCES, unitNames } from './units.js';

/** @throws MakaiError INSTALL_FAILED for a name that a unit or a folder cannot have */
export function checkInstanceName(instance: string): void {
  if (isInstanceName(instance)) return;
  throw new MakaiError('INSTALL_FAILED', `${instance} cannot be the name of an instance`, {
    hint: 'Up to 31 lower-case letters, digits and _, and no _ first: for example lab or site2.',
  });
}

/**
 * Folders, first settings with ports of its own. What exists stays as it is. The units themselves come with `makai install --systemd`.
 * @throws MakaiError INSTALL_FAILED where the name cannot be used, its settings have ports of their own, or no ports are left
 */
export function instancePlan(instance: string, root = ''): Step[] {
  checkInstanceName(instance);
  const file = instanceFoldersFile(instance);
  const steps: Step[] = [
    { text: `write ${root}${file}`, run: () => put(`${root}${file}`, foldersText(instance)) },
    ...commands(root, ['systemd-tmpfiles', '--create', file]),
  ];
  const files = KIND_NAMES.map((kind) => ({ kind, path: instanceFile(instance, kind) }));
  for (const { path } of files.filter((one) => isAt(`${root}${one.path}`)))
    steps.push(leave(leavingSettings(`${root}${path}`)));
  const missing = files.filter(({ path }) => !isAt(`${root}${path}`));
  if (missing.length === 0) return [...steps, ...reload(root)];
  const offset = portOffset(instance, root);
  for (const { kind, path } of missing)
    steps.push(...firstSettings(root, path, instanceSettings(kind, instance, offset)));
  return [...steps, ...reload(root)];
}

/** What to do next. */
export function nextSteps(instance: string): string[] {
  const [settings] = instanceFolders(instance);
  return [
    `makai keys new-server --dir ${settings}/curve, then makai keys new-box <id> --dir ${settings}/curve for each box`,
    `chown -R opq:opq ${settings}/curve/private_keys`,
    `makai doctor --config ${settings}`,
    `systemctl enable --now ${unitNames(instance).join(' ').replaceAll('.service', '')}`,
  ];
}

/** The example of a daemon with the paths and ports of an instance, also those that are defaults otherwise. */
export function instanceSettings(kind: Kind, instance: string, offset: number): object {
  const example = exampleConfig(kind);
  const defaults: object = tryConfig(kind, example).file?.fields ?? {};
  const own: Record<string, unknown> = { ...example };
  for (const [key, value] of Object.entries(defaults)) {
    const moved = typeof value === 'string' ? movedText(value, instance, offset) : value;
    if (moved !== value) own[key] = moved;
  }
  if (kind === 'gateway') {
    const { listen } = exampleConfig(kind).mqtt as { listen: string };
    own.mqtt = { listen: movedText(listen, instance, offset) };
  }
  if ('spool' in defaults) own.spool = { path: `${instanceFolders(instance)[1]}/spool` };
  return own;
}

function movedText(text: string, instance: string, offset: number): string {
  const [settings, state] = instanceFolders(instance);
  return text
    .replace('/etc/opq', settings)
    .replace('/var/lib/opq', state)
    .replace(/:(\d{4,5})$/, (_match, port: string) => `:${Number(port) + offset}`);
}

function foldersText(instance: string): string {
  const [settings, state] = instanceFolders(instance);
  return `# The instance ${instance} of makai. Settings belong to root. Only the daemons may read private keys.
d ${INSTANCES.settings} 0755 root root -
d ${settings} 0755 root root -
d ${settings}/curve 0755 root root -
d ${settings}/curve/public_keys 0755 root root -
d ${settings}/curve/private_keys 0700 opq opq -
d ${INSTANCES.state} 0755 root root -
d ${state} 0750 opq opq -
d ${state}/spool 0750 opq opq -
`;
}
