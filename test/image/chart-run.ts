/** What the chart for Kubernetes renders by default, running: the daemons from the image, NATS and, where there is one, MongoDB. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerOf, ChartNats } from '../support/chart-nats.js';
import { helmBinary, rendered } from '../support/helm.js';
import { killTree } from '../support/kill-tree.js';
import { mongodBinary } from '../support/mongod-binary.js';
import { natsBinary } from '../support/nats-server.js';
import { until } from '../support/until.js';
import { isReady, natsHost, type Pod, type Secrets, startPods, writeHosts } from './chart-pods.js';
import { type Line, runToEnd, start } from './service.js';

const PORT = 27017;
/** Nobody listens there without a mongod. */
const URI = `mongodb://127.0.0.1:${PORT}/opq`;
const SERVERS = 3;
/** Everything is started at the same time, on a machine that may do much else. */
const PATIENCE_MS = 600_000;

export class ChartRun {
  readonly pods: Pod[] = [];
  /** whether MongoDB is there; without it the daemons run all the same, and keep on disk what they accept */
  hasStore = false;
  readonly #line: Line;
  readonly #folder: string;
  readonly #prefix: readonly string[];
  readonly #ofNetwork: string;
  #nats: ChartNats | undefined;
  #mongod: ChildProcess | undefined;
  #data: string | undefined;

  /** @param folder for all that it writes */
  constructor(line: Line, folder: string) {
    this.#line = line;
    this.#folder = folder;
    this.#prefix = ['ip', 'netns', 'exec', line.network];
    // What `ip netns exec` puts in the place of /etc.
    this.#ofNetwork = join('/etc/netns', line.network);
  }

  /** Starts everything, until all probes are answered. @returns false (with a loud line) where Helm or NATS is not to be had */
  async start(): Promise<boolean> {
    const [helm, nats] = [await helmBinary(), await natsBinary()];
    if (helm === undefined || nats === undefined) return false;
    const { manifests } = await rendered(helm, {
      mongodb: { uri: URI },
      keys: { server: { existingSecret: 'server' }, boxes: { existingSecret: 'boxes' } },
    });
    for (const folder of [this.#folder, this.#ofNetwork]) mkdirSync(folder, { recursive: true });
    const hosts = writeHosts(join(this.#ofNetwork, 'hosts'), manifests, []);
    const places = Array.from({ length: SERVERS }, (_, index) => ({
      ...{ host: natsHost(index), client: 4222, cluster: 6222, monitor: 8222 },
    }));
    const common = { manifests, folder: this.#folder };
    this.#nats = new ChartNats({ ...common, binary: nats, places, prefix: this.#prefix, knowsNames: true });
    await this.#startStore();
    this.pods.push(...startPods(this.#line, { ...common, hosts, more: this.#keys() }));
    const servers = this.#nats;
    await until('the probes of NATS are answered', () => servers.areReady(), PATIENCE_MS);
    for (const pod of this.pods)
      await until(`the probes of ${pod.name} are answered`, () => isReady(pod, this.#prefix), PATIENCE_MS);
    return true;
  }

  /** The status of a pod. */
  async statusOf(name: string): Promise<Record<string, unknown>> {
    const pod = this.pods.find((one) => one.name === name);
    const port = pod?.container.ports.find((one) => one.name === 'status')?.containerPort;
    const text = await answerOf(this.#prefix, `http://127.0.0.1:${port}/status`);
    assert.ok(text !== undefined, `${name} has no status: ${pod?.running.output()}`);
    return (JSON.parse(text) as { details: Record<string, unknown> }).details;
  }

  /** SIGTERM to each daemon, as Kubernetes stops a pod. @throws AssertionError where one does not end with 0 */
  async stop(): Promise<void> {
    for (const { name, running } of this.pods) {
      const { leader } = running.machine;
      assert.ok(leader !== undefined, `${name} has ended: ${running.output()}`);
      process.kill(leader, 'SIGTERM');
      assert.equal(await running.machine.end(), 0, `${name}: ${running.output()}`);
    }
  }

  /** Ends whatever runs. */
  async end(): Promise<void> {
    for (const { running } of this.pods) await running.machine.kill();
    await this.#nats?.stop();
    await killTree(this.#mongod?.pid);
    if (this.#data !== undefined) rmSync(this.#data, { recursive: true, force: true, maxRetries: 5 });
    rmSync(this.#ofNetwork, { recursive: true, force: true });
  }

  /** The keys that the test made, as Secrets. */
  #keys(): Secrets {
    const { etc } = this.#line;
    const read = (path: string): string => readFileSync(join(etc, 'curve', path), 'utf8');
    const names = readdirSync(join(etc, 'curve/public_keys')).filter((name) =>
      statSync(join(etc, 'curve/public_keys', name)).isFile(),
    );
    return {
      server: { opqserver_secret: read('private_keys/opqserver_secret') },
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
    const where = ['--dbpath', data, '--port', String(PORT), '--bind_ip', '127.0.0.1'];
    const [program = '', ...args] = [...this.#prefix, mongod, ...where];
    this.#mongod = spawn(program, args, { detached: true, stdio: 'ignore' });
    this.hasStore = true;
    await until('MongoDB answers', async () => {
      assert.equal(this.#mongod?.exitCode, null, 'mongod has ended');
      const { machine } = start(this.#line, 'look-for-mongodb', ['users', 'list', '--store', URI]);
      return (await machine.end()) === 0;
    });
    const user = ['users', 'add', 'ada', '--role', 'admin', '--generate', '--store', URI];
    await runToEnd(this.#line, 'first-user', user);
  }
}
