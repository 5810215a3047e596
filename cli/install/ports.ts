/** The ports of an instance: those of the example, the same distance higher in all its files. */
import { MakaiError } from '../../common/errors.js';
import { exampleConfig } from '../../config/example.js';
import { readJson } from '../../config/json.js';
import { KIND_NAMES, type Kind } from '../../config/kinds.js';
import { instanceFile, instances } from './instances.js';
import { textAt } from './steps.js';

/** Ports are so many thousands higher: hundreds are those of a change of the server key (docs/security.md). */
const MAX_INSTANCES = 15;
const PORTS_APART = 1000;

/** The setting of each daemon whose port shows the distance: its own with the brokers, of the triggering broker with the others. */
const SHOWN_BY = {
  'triggering-broker': 'interface',
  'acquisition-broker': 'box_pub',
  'triggering-service': 'zmq_trigger_endpoint',
  'analysis-service': 'zmq_trigger_endpoint',
  'web-service': 'zmq_trigger_endpoint',
  gateway: 'zmq_trigger_endpoint',
} as const satisfies { readonly [K in Kind]: string };

/**
 * The distance from the usual ports: that of the settings that the instance has, the triggering broker's first; else the first that no other instance has.
 * @throws MakaiError INSTALL_FAILED where its settings have ports of their own, or no ports are left
 */
export function portOffset(instance: string, root: string): number {
  for (const kind of KIND_NAMES) {
    const path = instanceFile(instance, kind);
    const text = textAt(`${root}${path}`);
    if (text !== undefined) return offsetIn(kind, text) ?? refuse(instance, kind, `${root}${path}`);
  }
  return freeOffset(instance, root);
}

function offsetIn(kind: Kind, text: string): number | undefined {
  const [usual, present] = [portOf(exampleConfig(kind)[SHOWN_BY[kind]]), portOf(settingIn(text, kind))];
  const offset = (present ?? Number.NaN) - (usual ?? Number.NaN);
  return offset % PORTS_APART === 0 && offset > 0 && offset <= MAX_INSTANCES * PORTS_APART
    ? offset
    : undefined;
}

/** Undefined where the file is no JSON, or leaves the setting out. */
function settingIn(text: string, kind: Kind): unknown {
  const json = readJson(text);
  if (json.mistake || typeof json.value !== 'object' || json.value === null) return undefined;
  return Object.entries(json.value).find(([key]) => key === SHOWN_BY[kind])?.[1];
}

function portOf(endpoint: unknown): number | undefined {
  const port = typeof endpoint === 'string' ? /:(\d{1,5})$/.exec(endpoint)?.[1] : undefined;
  return port === undefined ? undefined : Number(port);
}

function refuse(instance: string, kind: Kind, path: string): never {
  throw new MakaiError(
    'INSTALL_FAILED',
    `the ports of ${instance} are not known: ${SHOWN_BY[kind]} in ${path} has none that makai install gives to an instance`,
    {
      hint: `Write the settings files that are missing beside ${path} yourself: docs/configuration.md has all settings, and \`makai config example\` prints files to start from.`,
    },
  );
}

/** By what any settings file of another instance mentions, since one of its files may be missing. */
function freeOffset(instance: string, root: string): number {
  const texts = instances(root)
    .filter((other) => other !== instance)
    .flatMap((other) => KIND_NAMES.map((kind) => textAt(`${root}${instanceFile(other, kind)}`) ?? ''));
  const usual = KIND_NAMES.map((kind) => portOf(exampleConfig(kind)[SHOWN_BY[kind]]) ?? 0);
  for (let index = 1; index <= MAX_INSTANCES; index++) {
    const ports = usual.map((port) => new RegExp(`:${port + index * PORTS_APART}\\b`));
    if (!texts.some((text) => ports.some((port) => port.test(text)))) return index * PORTS_APART;
  }
  throw new MakaiError(
    'INSTALL_FAILED',
    `there are ${MAX_INSTANCES} instances: no ports are left for another`,
    {
      hint: `Write the settings files yourself: ${instanceFile(instance, 'triggering-broker')} and the others.`,
    },
  );
}
