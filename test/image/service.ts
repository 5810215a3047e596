/**
 * The image's daemons as deploy/docker/compose.yaml runs them: read-only, /tmp in memory, without capabilities, SIGTERM to stop. systemd-nspawn
 * stands for the container engine; all share one network, as loopback.
 */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { KINDS, type Kind } from '../../config/kinds.js';
import { Nspawn } from '../support/nspawn.js';
import type { ImageConfig } from './buildah.js';

/** What all containers of the test have in common. */
export interface Line {
  /** the image's files */
  root: string;
  config: ImageConfig;
  /** name of a network namespace */
  network: string;
  /** folder that becomes /etc/opq */
  etc: string;
  /** folder that becomes /var/lib/opq */
  state: string;
  /** folder for what they print */
  logs: string;
}

export interface Running {
  machine: Nspawn;
  /** what it printed so far */
  output(): string;
}

/**
 * Starts the image's entry point in a container.
 * @param args after the entry point, as `docker run` takes them
 * @param options.mayWriteKeys for `makai keys`; else /etc/opq is read-only
 */
export function start(
  line: Line,
  name: string,
  args: readonly string[],
  { env = {}, mayWriteKeys = false }: { env?: Record<string, string>; mayWriteKeys?: boolean } = {},
): Running {
  const { etc, state } = line;
  const mounts = [
    '--tmpfs=/tmp:mode=1777',
    `--bind${mayWriteKeys ? '' : '-ro'}=${etc}:/etc/opq`,
    `--bind=${state}:/var/lib/opq`,
  ];
  return startWith(line, name, args, { env, mounts });
}

/** The same with other mounts. @param options.mounts as systemd-nspawn takes them; their places are in the image */
export function startWith(
  { root, config, network, logs }: Omit<Line, 'etc' | 'state'>,
  name: string,
  args: readonly string[],
  { env, mounts }: { env: Readonly<Record<string, string>>; mounts: readonly string[] },
): Running {
  const log = join(logs, name);
  const output = openSync(log, 'w');
  const hardening = ['--read-only', '--drop-capability=all', '--no-new-privileges=yes'];
  const network_ = `--network-namespace-path=/run/netns/${network}`;
  const variables = [...config.Env, ...Object.entries(env).map(([key, value]) => `${key}=${value}`)];
  const user = userName(root, config.User);
  const machine = new Nspawn(
    `makai-${process.pid}-${name}`,
    [
      ...hardening,
      ...mounts,
      network_,
      ...variables.map((one) => `--setenv=${one}`),
      `--user=${user}`,
      `--chdir=${config.WorkingDir}`,
      `--directory=${root}`,
      '--console=pipe',
      ...config.Entrypoint,
      ...args,
    ],
    output,
  );
  closeSync(output);
  return { machine, output: () => readFileSync(log, 'utf8') };
}

/** The same, to its end, which must be 0. @returns what it printed */
export async function runToEnd(
  line: Line,
  name: string,
  args: readonly string[],
  options?: Parameters<typeof start>[3],
): Promise<string> {
  const { machine, output } = start(line, name, args, options);
  const code = await machine.end();
  assert.equal(code, 0, `${name}: ${output()}`);
  return output();
}

/**
 * The settings of a daemon in the compose file, for a test without MongoDB and without a network of containers: the store is a file, the other
 * daemons are on loopback.
 */
export function settingsOf(kind: Kind): Record<string, string> {
  const { variable } = KINDS[kind];
  const compose = readFileSync(join(PACKAGE_ROOT, 'deploy/docker/compose.yaml'), 'utf8');
  const inline = new RegExp(`${variable}: >-\\n((?: {8}.*\\n)+)`).exec(compose)?.[1];
  assert.ok(inline !== undefined, `compose.yaml has no ${variable}`);
  const { mongo_uri, ...settings } = JSON.parse(inline.replaceAll(/tcp:\/\/[a-z-]+:/g, 'tcp://127.0.0.1:'));
  const store = mongo_uri === undefined ? {} : { store: 'sqlite:/var/lib/opq/makai.db' };
  return { [variable]: JSON.stringify({ ...settings, ...store }) };
}

/** systemd-nspawn takes a name, the image has numbers. */
function userName(root: string, numbers: string): string {
  const [uid = '', gid = ''] = numbers.split(':');
  const line = readFileSync(join(root, 'etc/passwd'), 'utf8')
    .split('\n')
    .map((one) => one.split(':'))
    .find(([, , id, group]) => id === uid && group === gid);
  assert.ok(line?.[0] !== undefined, `the image has no user ${numbers}`);
  return line[0];
}
