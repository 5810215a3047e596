/** What the chart for Kubernetes renders, running: the daemons from the image, once each and several times, NATS and, where there is one, MongoDB. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { answerOf, ChartNats, type Place } from '../support/chart-nats.js';
import { helmBinary, type Manifest, rendered } from '../support/helm.js';
import { killTree } from '../support/kill-tree.js';
import { mongodBinary } from '../support/mongod-binary.js';
import { natsBinary } from '../support/nats-server.js';
import { until } from '../support/until.js';
import { isReady, type Pod, planPods, type Secrets, startPods, writeHosts } from './chart-pods.js';
import { natsHost, OUTSIDE, PodNetwork, SHARED } from './pod-network.js';
import { type Line, runToEnd, start } from './service.js';

const PORT = 27017;
/** Nobody listens there without a mongod. */
export const URI = `mongodb://${OUTSIDE}:${PORT}/opq`;
const SERVERS = 3;
/** Everything is started at the same time, on a machine that may do much else. */
const PATIENCE_MS = 600_000;
const VALUES = {
  mongodb: { uri: URI },
  keys: { server: { existingSecret: 'server' }, boxes: { existingSecret: 'boxes' } },
  nats: { auth: { existingSecret: 'nats-users' } },
};
/** What may run several times does. */
const SEVERAL = {
  ...VALUES,
  triggeringBroker: { replicas: 2 },
  acquisitionBroker: { replicas: 2 },
  analysisService: { replicas: 2 },
  // Nobody is there: a gateway runs without its broker.
  gateway: { replicas: 2, mqtt: { url: 'mqtt://mqtt.example.org:1883' } },
};
const BOX_PORTS = [
  ['triggering-broker', [9880]],
  ['acquisition-broker', [8194, 8196]],
] as const;

export class ChartRun {
  pods: Pod[] = [];
  /** whether MongoDB is there; without it the daemons run all the same, and keep on disk what they accept */
  hasStore = false;
  readonly #line: Line;
  readonly #folder: string;
  readonly #prefix: readonly string[];
  readonly #named: string[] = [];
  readonly #network: PodNetwork;
  readonly #programs: ChildProcess[] = [];
  #helm = '';
  #nats: ChartNats | undefined;
  #data: string | undefined;

  /** @param folder for all that it writes */
  constructor(line: Line, folder: string) {
    this.#line = line;
    this.#folder = folder;
    this.#prefix = ['ip', 'netns', 'exec', line.network];
    this.#network = new PodNetwork(line.network);
  }

  /** Starts NATS, MongoDB and one pod of each daemon, by default values, until all probes are answered. @returns false (with a loud line) where Helm or NATS is not to be had */
  async start(): Promise<boolean> {
    const [helm, nats] = [await helmBinary(), await natsBinary()];
    if (helm === undefined || nats === undefined) return false;
    this.#helm = helm;
    const { manifests } = await rendered(helm, VALUES);
    mkdirSync(this.#folder, { recursive: true });
    await this.#network.open();
    const places: Place[] = [];
    for (let index = 0; index < SERVERS; index += 1) {
      const network = await this.#network.add(natsHost(index));
      this.#giveNames(network, manifests);
      const prefix = ['ip', 'netns', 'exec', network];
      places.push({ host: natsHost(index), client: 4222, cluster: 6222, monitor: 8222, prefix });
    }
    const servers = new ChartNats({
      ...{ binary: nats, manifests, folder: this.#folder, places, prefix: this.#prefix, knowsNames: true },
      secrets: this.#secrets(),
    });
    this.#nats = servers;
    await this.#startStore();
    await this.#startPods('one', manifests, 1);
    await until('the probes of NATS are answered', () => servers.areReady(), PATIENCE_MS);
    await this.#ready();
    return true;
  }

  /** Starts all pods of values by which each daemon runs several times, beside the same NATS and MongoDB, and the address that boxes share. */
  async startSeveral(): Promise<void> {
    const { manifests } = await rendered(this.#helm, SEVERAL);
    await this.#startPods('several', manifests, Number.POSITIVE_INFINITY);
    const ports = BOX_PORTS.flatMap(([name, numbers]) => {
      const pods = this.pods.filter(({ component }) => component === name).map(({ address }) => address);
      return numbers.map((port) => `${port}=${pods.join(',')}`);
    });
    const program = this.#spawn([
      process.execPath,
      join(PACKAGE_ROOT, 'dist/test/image/shared-address.js'),
      ...[SHARED, ...ports],
    ]);
    assert.ok(program.stdout !== null);
    await once(program.stdout, 'data');
    await this.#ready();
  }

  /** What `ip netns exec` puts in the place of /etc/hosts there. */
  #giveNames(network: string, manifests: readonly Manifest[]): void {
    const folder = join('/etc/netns', network);
    mkdirSync(folder, { recursive: true });
    this.#named.push(folder);
    writeHosts(join(folder, 'hosts'), manifests, []);
  }

  async #startPods(name: string, manifests: readonly Manifest[], most: number): Promise<void> {
    const folder = join(this.#folder, name);
    mkdirSync(folder);
    const plans = planPods(manifests, most, () => this.#network.address());
    const hosts = writeHosts(join(folder, 'hosts'), manifests, plans);
    this.pods = await startPods(this.#line, {
      ...{ folder, hosts, manifests, more: this.#secrets(), network: this.#network, plans },
    });
  }

  async #ready(): Promise<void> {
    for (const pod of this.pods)
      await until(`the probes of ${pod.name} are answered`, () => isReady(pod, this.#prefix), PATIENCE_MS);
  }

  #spawn([program = '', ...args]: readonly string[]): ChildProcess {
    const child = spawn(this.#prefix[0] ?? '', [...this.#prefix.slice(1), program, ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout?.resume();
    this.#programs.push(child);
    return child;
  }

  /** Whether it was started: Helm and NATS are there. */
  get isPossible(): boolean {
    return this.#nats !== undefined;
  }

  /** Arguments of `makai box`. @param several by the address that all boxes share */
  boxArguments(several = false): string[] {
    const [measurements, commands] = BOX_PORTS.map(([name]) =>
      several ? SHARED : this.pods.find(({ component }) => component === name)?.address,
    );
    return [
      ...['box', '--keys', '/etc/opq/curve', '--source', 'demo', '--for', '600'],
      ...['--measurements', `tcp://${measurements}:9880`],
      ...['--commands', `tcp://${commands}:8194`, '--replies', `tcp://${commands}:8196`],
    ];
  }

  /** The status of a pod. */
  async statusOf(name: string): Promise<Record<string, unknown>> {
    const pod = this.pods.find((one) => one.name === name);
    const port = pod?.container.ports.find((one) => one.name === 'status')?.containerPort;
    const text = await answerOf(this.#prefix, `http://${pod?.address}:${port}/status`);
    assert.ok(text !== undefined, `${name} has no status: ${pod?.running.output()}`);
    return (JSON.parse(text) as { details: Record<string, unknown> }).details;
  }

  /** SIGTERM to a daemon, or to each, as Kubernetes stops a pod. @throws AssertionError where one does not end with 0 */
  async stop(one?: string): Promise<void> {
    const ending = this.pods.filter(({ name }) => one === undefined || name === one);
    for (const { name, running } of ending) {
      const { leader } = running.machine;
      assert.ok(leader !== undefined, `${name} has ended: ${running.output()}`);
      process.kill(leader, 'SIGTERM');
    }
    for (const { name, running } of ending)
      assert.equal(await running.machine.end(), 0, `${name}: ${running.output()}`);
    this.pods = this.pods.filter((pod) => !ending.includes(pod));
  }

  /** Ends whatever runs. */
  async end(): Promise<void> {
    for (const { running } of this.pods) await running.machine.kill();
    await this.#nats?.stop();
    for (const { pid } of this.#programs) await killTree(pid);
    await this.#network.remove();
    if (this.#data !== undefined) rmSync(this.#data, { recursive: true, force: true, maxRetries: 5 });
    for (const folder of this.#named) rmSync(folder, { recursive: true, force: true });
  }

  /** The keys that the test made, and passwords of NATS, as Secrets. */
  #secrets(): Secrets {
    const { etc } = this.#line;
    const read = (path: string): string => readFileSync(join(etc, 'curve', path), 'utf8');
    const names = readdirSync(join(etc, 'curve/public_keys')).filter((name) =>
      statSync(join(etc, 'curve/public_keys', name)).isFile(),
    );
    return {
      server: { opqserver_secret: read('private_keys/opqserver_secret') },
      'nats-users': { 'broker-password': 'of-the-brokers', 'service-password': 'of-the-services' },
      boxes: Object.fromEntries(names.map((name) => [name, read(`public_keys/${name}`)])),
    };
  }

  /** Starts a mongod in the network of the pods, with a first user of the page. */
  async #startStore(): Promise<void> {
    const mongod = await mongodBinary();
    if (mongod === undefined) {
      process.stderr.write('\n*** THE CHART RUNS WITHOUT A STORE: no mongod (CONTRIBUTING.md). ***\n\n');
      return;
    }
    // Not below a folder that only we may enter: a server may take another user.
    const data = mkdtempSync(join(tmpdir(), 'makai-chart-mongod-'));
    this.#data = data;
    const where = ['--dbpath', data, '--port', String(PORT), '--bind_ip', OUTSIDE];
    const program = this.#spawn([mongod, ...where]);
    this.hasStore = true;
    await until('MongoDB answers', async () => {
      assert.equal(program.exitCode, null, 'mongod has ended');
      const { machine } = start(this.#line, 'look-for-mongodb', ['users', 'list', '--store', URI]);
      return (await machine.end()) === 0;
    });
    const user = ['users', 'add', 'ada', '--role', 'admin', '--generate', '--store', URI];
    await runToEnd(this.#line, 'first-user', user);
  }
}
