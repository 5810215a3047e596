/** The NATS servers of the chart: real ones, started with the command, environment and configuration that it renders. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, run } from './command.js';
import { type Container, environmentOf, type Manifest, secretsIn } from './helm.js';

/** Where a server is, in the place of a pod of its own. */
export interface Place {
  host: string;
  client: number;
  cluster: number;
  monitor: number;
  /** in front of its command, in place of `prefix` */
  prefix?: readonly string[];
}

export interface ChartNatsOptions {
  binary: string;
  /** what the chart renders */
  manifests: readonly Manifest[];
  /** for their data */
  folder: string;
  /** for each server */
  places: readonly Place[];
  /** in front of the commands: `ip netns exec NAME` */
  prefix?: readonly string[];
  /** the names of the pods are known: else the routes are changed */
  knowsNames?: boolean;
  /** Secrets that the values name and the chart does not make */
  secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export class ChartNats {
  readonly #options: ChartNatsOptions;
  readonly #container: Container;
  readonly #servers: ChildProcess[] = [];
  #output = '';

  /** Starts them. @throws Error where the chart has another number of servers */
  constructor(options: ChartNatsOptions) {
    this.#options = options;
    const { manifests, places, secrets = {} } = options;
    const set = manifests.find(
      ({ kind, metadata }) => kind === 'StatefulSet' && metadata.name.endsWith('-nats'),
    );
    const [container] = set?.spec.template?.spec.containers ?? [];
    if (set === undefined || container === undefined || set.spec.replicas !== places.length)
      throw new Error(`the chart has ${set?.spec.replicas} servers`);
    const [program = '', ...args] = container.command ?? [];
    if (program !== 'nats-server' || args.join(' ') !== '--config /etc/nats/nats.conf')
      throw new Error(`the chart has another command: ${container.command?.join(' ')}`);
    this.#container = container;
    const { name } = set.metadata;
    places.forEach((place, index) => {
      const env = environmentOf(container, { ...secretsIn(manifests), ...secrets }, `${name}-${index}`);
      this.#start(index, place, env);
    });
  }

  /** What the servers print, for a message. */
  get output(): string {
    return this.#output;
  }

  /** Whether the probes of all servers are answered. @throws Error where one has ended */
  async areReady(): Promise<boolean> {
    if (this.#servers.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null))
      throw new Error(`a server has ended:\n${this.#output}`);
    const { places, prefix = [] } = this.#options;
    const { livenessProbe, readinessProbe, startupProbe } = this.#container;
    for (const { host, monitor } of places)
      for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
        if ((await answerOf(prefix, `http://${host}:${monitor}${httpGet.path}`)) === undefined) return false;
    return true;
  }

  /** Runs what the chart runs before a pod of NATS is stopped. Fulfilled when that server has ended by itself. */
  async drain(index: number): Promise<void> {
    const { binary, folder, prefix = [] } = this.#options;
    const [program, ...args] = this.#container.lifecycle?.preStop.exec.command ?? [];
    const server = this.#servers[index];
    if (program !== 'nats-server' || server === undefined) throw new Error('the chart does not stop NATS');
    const exit = server.exitCode === null ? once(server, 'exit') : undefined;
    const own = join(folder, `nats-${index}`, 'nats.pid');
    await run([...prefix, binary, ...args.map((one) => one.replace('/run/nats/nats.pid', own))]);
    await exit;
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      if (server.exitCode !== null || server.signalCode !== null) continue;
      const exit = once(server, 'exit');
      server.kill('SIGKILL');
      await exit;
    }
  }

  #start(index: number, place: Place, env: Record<string, string>): void {
    const { client, cluster, host, monitor } = place;
    const { binary, folder } = this.#options;
    const prefix = place.prefix ?? this.#options.prefix ?? [];
    const own = join(folder, `nats-${index}`);
    mkdirSync(own, { recursive: true });
    const file = join(own, 'nats.conf');
    writeFileSync(file, this.#configuration(own));
    const where = ['-a', host, '-p', String(client), '-m', String(monitor)];
    const inCluster = ['--cluster', `nats://${host}:${cluster}`];
    const [program = '', ...args] = [...prefix, binary, '--config', file, ...where, ...inCluster];
    const server = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, ...env },
    });
    server.stderr.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-8000);
    });
    this.#servers.push(server);
  }

  /** That of the chart, with folders of this test. */
  #configuration(own: string): string {
    const { knowsNames = false, manifests, places } = this.#options;
    const map = manifests.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('-nats'),
    );
    let text = map?.data?.['nats.conf'];
    if (text === undefined) throw new Error('the chart has no configuration of NATS');
    text = text.replace('"/data"', JSON.stringify(join(own, 'data')));
    text = text.replace('/run/nats/nats.pid', join(own, 'nats.pid'));
    if (knowsNames) return text;
    return text.replaceAll(/nats:\/\/[\w-]+-(\d+)\.[\w-]+:6222/g, (_, index: string) => {
      const { cluster = 0, host = '' } = places[Number(index)] ?? {};
      return `nats://${host}:${cluster}`;
    });
  }
}

/** What a GET is answered with, asked by a process of its own; undefined where it is not 200. */
export async function answerOf(prefix: readonly string[], url: string): Promise<string | undefined> {
  const script =
    'fetch(process.argv[1]).then(async (reply) => { process.stdout.write(await reply.text()); process.exitCode = reply.ok ? 0 : 1 }, () => process.exit(1))';
  const command = [...prefix, process.execPath, '-e', script, url];
  const { code, stdout } = await attempt(command, { timeoutMs: 60_000 });
  return code === 0 ? stdout : undefined;
}
