/** A real Kafka in KRaft mode, one process on free ports with a data folder of its own, and gone afterwards. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Consumer } from '@platformatic/kafka';
import { freePort } from './free-port.js';
import { until } from './until.js';

const run = promisify(execFile);
const START_MS = 180_000;
/** It starts sooner so, and takes less memory. */
const JVM = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

export interface KafkaOptions {
  /** name of the security protocol of the listener */
  protocol?: 'PLAINTEXT' | 'SASL_SSL';
  /** further lines of its configuration */
  lines?: readonly string[];
  /** further arguments of `format` */
  format?: readonly string[];
}

export interface ReadRecord {
  topic: string;
  partition: number;
  key: string;
  value: Record<string, unknown>;
}

export class KafkaServer {
  readonly #jars: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'makai-kafka-'));
  readonly port: number;
  #child: ChildProcess | undefined;

  private constructor(jars: string, port: number) {
    this.#jars = jars;
    this.port = port;
  }

  /** @param jars class path */
  static async start(jars: string, options: KafkaOptions = {}): Promise<KafkaServer> {
    const server = new KafkaServer(jars, await freePort());
    await server.#format(await freePort(), options);
    await server.start();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it on the same port and data; fulfilled when it accepts connections. */
  async start(): Promise<void> {
    const args = [...JVM, '-cp', this.#jars, 'kafka.Kafka', join(this.#folder, 'server.properties')];
    const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString('utf8')).slice(-4000);
      });
    const end = performance.now() + START_MS;
    while (!(await accepts(this.port))) {
      if (child.exitCode !== null || performance.now() > end)
        throw new Error(`Kafka is not there:\n${output}`);
      await sleep(50);
    }
  }

  /** Runs a command of Kafka's own. @returns what it prints */
  async command(className: string, ...args: string[]): Promise<string> {
    const { stdout } = await run('java', [...JVM, '-cp', this.#jars, className, ...args], {
      timeout: START_MS,
    });
    return stdout;
  }

  /** kill -9 */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #format(controller: number, { format = [], lines = [], protocol = 'PLAINTEXT' }: KafkaOptions) {
    const file = join(this.#folder, 'server.properties');
    writeFileSync(
      file,
      [
        'process.roles=broker,controller',
        'node.id=1',
        `controller.quorum.bootstrap.servers=127.0.0.1:${controller}`,
        `listeners=OUT://127.0.0.1:${this.port},CONTROLLER://127.0.0.1:${controller}`,
        `advertised.listeners=OUT://${protocol === 'PLAINTEXT' ? '127.0.0.1' : 'localhost'}:${this.port}`,
        'controller.listener.names=CONTROLLER',
        'inter.broker.listener.name=OUT',
        `listener.security.protocol.map=CONTROLLER:PLAINTEXT,OUT:${protocol}`,
        `log.dirs=${join(this.#folder, 'data')}`,
        'num.partitions=4',
        'offsets.topic.replication.factor=1',
        'offsets.topic.num.partitions=1',
        'transaction.state.log.replication.factor=1',
        'transaction.state.log.min.isr=1',
        'group.initial.rebalance.delay.ms=0',
        // Otherwise it ends by itself when a busy machine takes a minute to start it.
        `initial.broker.registration.timeout.ms=${START_MS}`,
        ...lines,
        '',
      ].join('\n'),
      { mode: 0o600 },
    );
    const id = randomBytes(16).toString('base64url');
    await this.command('kafka.tools.StorageTool', 'format', '-t', id, '-c', file, '--standalone', ...format);
  }
}

/** All records of topics so far, as soon as `isAll` says so. */
export async function readUntil(
  server: KafkaServer,
  topics: readonly string[],
  isAll: (records: readonly ReadRecord[]) => boolean | Promise<boolean>,
  parse: (value: Buffer, topic: string) => Record<string, unknown> = (value) => JSON.parse(String(value)),
): Promise<ReadRecord[]> {
  const groupId = `test-${randomBytes(6).toString('hex')}`;
  const consumer = new Consumer({
    groupId,
    clientId: 'test',
    bootstrapBrokers: [server.address],
    retries: 20,
  });
  const records: ReadRecord[] = [];
  const stream = await consumer.consume({ topics: [...topics], mode: 'earliest', autocommit: false });
  stream.on('data', ({ key, partition, topic, value }) =>
    records.push({ topic, partition, key: String(key), value: parse(value, topic) }),
  );
  try {
    await until('all records are in Kafka', async () => isAll(records)).catch((error: unknown) => {
      const counts = topics.map((name) => `${name}: ${records.filter(({ topic }) => topic === name).length}`);
      throw new Error(`${error instanceof Error ? error.message : error}; ${counts.join(', ')}`);
    });
    return records;
  } finally {
    await stream.close();
    await consumer.close(true);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
