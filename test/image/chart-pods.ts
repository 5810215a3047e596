/**
 * The daemons' pods as the chart for Kubernetes renders them, run from the image: its arguments, environment, files of Secrets, volumes and probes. Each has
 * an address of its own, to which the names of services and pods lead.
 */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { answerOf } from '../support/chart-nats.js';
import {
  type Container,
  environmentOf,
  type Manifest,
  type PodTemplate,
  secretsIn,
  type Volume,
} from '../support/helm.js';
import { natsHost, type PodNetwork, SHARED } from './pod-network.js';
import { type Line, type Running, startWith } from './service.js';

/** A pod that is to run. */
interface Plan {
  name: string;
  /** what the labels say */
  component: string;
  address: string;
  container: Container;
  template: PodTemplate;
}

export interface Pod extends Plan {
  running: Running;
}

export type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Pods of the daemons. @param most of each workload */
export function planPods(manifests: readonly Manifest[], most: number, address: () => string): Plan[] {
  return manifests.flatMap(({ metadata, spec }) => {
    // A Secret has no spec.
    const { replicas = 1, template } = (spec as Manifest['spec'] | undefined) ?? {};
    return template === undefined
      ? []
      : template.spec.containers
          .filter(({ command }) => command === undefined)
          .flatMap((container) =>
            Array.from({ length: Math.min(most, replicas) }, (_, index) => ({
              name: `${metadata.name}-${index}`,
              component: componentOf(template.metadata.labels),
              address: address(),
              container,
              template,
            })),
          );
  });
}

function componentOf(labels: Readonly<Record<string, unknown>>): string {
  return String(labels['app.kubernetes.io/component']);
}

/** Writes the names of services and pods as in /etc/hosts. @returns the file */
export function writeHosts(file: string, manifests: readonly Manifest[], pods: readonly Plan[]): string {
  const lines = manifests
    .filter(({ kind }) => kind === 'Service')
    .flatMap(({ metadata: { name }, spec: { selector = {} } }) =>
      addressesOf(name, selector, pods).map((address) => `${address} ${name}`),
    );
  for (const { kind, metadata, spec } of manifests) {
    if (kind !== 'StatefulSet') continue;
    const isNats = metadata.name.endsWith('-nats');
    for (let index = 0; index < (spec.replicas ?? 0); index += 1) {
      const name = `${metadata.name}-${index}`;
      const address = isNats ? natsHost(index) : pods.find((pod) => pod.name === name)?.address;
      if (address !== undefined) lines.push(`${address} ${name}.${spec.serviceName}`);
    }
  }
  writeFileSync(file, `127.0.0.1 localhost\n${lines.join('\n')}\n`);
  return file;
}

/** Where a service leads to. */
function addressesOf(
  name: string,
  selector: Readonly<Record<string, unknown>>,
  pods: readonly Plan[],
): string[] {
  if (name.endsWith('-boxes')) return [SHARED];
  const pod = selector['statefulset.kubernetes.io/pod-name'];
  return pods
    .filter((one) => (pod === undefined ? one.component === componentOf(selector) : one.name === pod))
    .map(({ address }) => address);
}

/** Starts pods, each in a network of its own. @param more Secrets that the values name and the chart does not make */
export async function startPods(
  line: Line,
  {
    folder,
    hosts,
    manifests,
    more,
    network,
    plans,
  }: {
    folder: string;
    hosts: string;
    manifests: readonly Manifest[];
    more: Secrets;
    network: PodNetwork;
    plans: readonly Plan[];
  },
): Promise<Pod[]> {
  const secrets = { ...secretsIn(manifests), ...more };
  const pods: Pod[] = [];
  for (const plan of plans) {
    const { address, container, name, template } = plan;
    const mounts = mountsOf(line, template, container, { folder: join(folder, name), secrets });
    const options = {
      env: environmentOf(container, secrets, name),
      mounts: [...mounts, `--bind-ro=${hosts}:/etc/hosts`, '--resolv-conf=off'],
    };
    const own = { ...line, network: await network.add(address) };
    pods.push({ ...plan, running: startWith(own, name, container.args ?? [], options) });
  }
  return pods;
}

/** Whether all probes of a pod are answered, at its address. @throws AssertionError where it has ended */
export async function isReady(
  { address, container, name, running }: Pod,
  prefix: readonly string[],
): Promise<boolean> {
  assert.ok(running.machine.isRunning, `${name}: ${running.output()}`);
  const { livenessProbe, ports, readinessProbe, startupProbe } = container;
  const urls = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet: { path, port } }) => {
    const number = ports.find((one) => one.name === port)?.containerPort;
    return `http://${address}:${number}${path}`;
  });
  for (const url of new Set(urls)) if ((await answerOf(prefix, url)) === undefined) return false;
  return true;
}

/** Folders in the places of volumes, with owners and modes as Kubernetes gives them. */
function mountsOf(
  { root }: Line,
  template: PodTemplate | undefined,
  { volumeMounts }: Container,
  { folder, secrets }: { folder: string; secrets: Secrets },
): string[] {
  const { fsGroup = 0 } = template?.spec.securityContext ?? {};
  return volumeMounts.map(({ mountPath, name, readOnly = false }) => {
    const volume = template?.spec.volumes.find((one) => one.name === name);
    const source = join(folder, name);
    mkdirSync(source, { recursive: true });
    if (volume?.secret !== undefined) writeSecret(source, volume.secret, secrets, fsGroup);
    chownSync(source, 0, fsGroup);
    // Also for an emptyDir and a claim.
    chmodSync(source, 0o2775);
    // An engine makes the places of mounts; systemd-nspawn cannot do so in a read-only image.
    mkdirSync(join(root, mountPath), { recursive: true });
    return `--bind${readOnly ? '-ro' : ''}=${source}:${mountPath}`;
  });
}

/** Each file is a link to one in a folder that a link names, so that all change in one step. */
function writeSecret(
  source: string,
  { defaultMode, items, secretName }: NonNullable<Volume['secret']>,
  secrets: Secrets,
  group: number,
): void {
  const values = secrets[secretName];
  assert.ok(values !== undefined, `no Secret ${secretName}`);
  const version = '..2026_01_01_00_00_00.1';
  for (const { key, path } of items ?? Object.keys(values).map((one) => ({ key: one, path: one }))) {
    const file = join(source, version, path);
    mkdirSync(dirname(file), { recursive: true });
    assert.ok(values[key] !== undefined, `${secretName} has no ${key}`);
    writeFileSync(file, values[key] ?? '');
    chownSync(file, 0, group);
    chmodSync(file, defaultMode);
    symlinkSync(join('..data', path), join(source, path));
  }
  symlinkSync(version, join(source, '..data'));
}
