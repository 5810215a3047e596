/**
 * The daemons' pods as the chart for Kubernetes renders them, run from the image: its arguments, environment, files of Secrets, volumes and probes. All
 * share one loopback network, where the names of services and pods lead.
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
import { type Line, type Running, startWith } from './service.js';

export interface Pod {
  name: string;
  container: Container;
  running: Running;
}

export type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Writes names as in /etc/hosts: servers of NATS have addresses of their own, everything else is 127.0.0.1. @returns the file */
export function writeHosts(file: string, manifests: readonly Manifest[], others: readonly string[]): string {
  const names = manifests.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
  const lines = [...names, ...others].map((name) => `127.0.0.1 ${name}`);
  const nats = manifests.find(
    ({ kind, metadata }) => kind === 'StatefulSet' && metadata.name.endsWith('-nats'),
  );
  for (let index = 0; index < (nats?.spec.replicas ?? 0); index += 1)
    lines.push(`${natsHost(index)} ${nats?.metadata.name}-${index}.${nats?.spec.serviceName}`);
  writeFileSync(file, `127.0.0.1 localhost\n${lines.join('\n')}\n`);
  return file;
}

export function natsHost(index: number): string {
  return `127.0.0.${2 + index}`;
}

/** Starts one pod of each workload of the daemons. @param more Secrets that the values name and the chart does not make */
export function startPods(
  line: Line,
  {
    folder,
    hosts,
    manifests,
    more,
  }: { folder: string; hosts: string; manifests: readonly Manifest[]; more: Secrets },
): Pod[] {
  const secrets = { ...secretsIn(manifests), ...more };
  return manifests.flatMap(({ metadata, spec }) =>
    spec?.template === undefined
      ? []
      : spec.template.spec.containers
          .filter(({ command }) => command === undefined)
          .map((container) => {
            const name = `${metadata.name}-0`;
            const mounts = mountsOf(line, spec.template, container, { folder: join(folder, name), secrets });
            const env = environmentOf(container, secrets, name);
            const options = {
              env,
              mounts: [...mounts, `--bind-ro=${hosts}:/etc/hosts`, '--resolv-conf=off'],
            };
            return { name, container, running: startWith(line, name, container.args ?? [], options) };
          }),
  );
}

/** Whether all probes of a pod are answered. @throws AssertionError where it has ended */
export async function isReady(
  { container, name, running }: Pod,
  prefix: readonly string[],
): Promise<boolean> {
  assert.ok(running.machine.isRunning, `${name}: ${running.output()}`);
  const { livenessProbe, ports, readinessProbe, startupProbe } = container;
  for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
    const port = ports.find((one) => one.name === httpGet.port)?.containerPort;
    if ((await answerOf(prefix, `http://127.0.0.1:${port}${httpGet.path}`)) === undefined) return false;
  }
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
