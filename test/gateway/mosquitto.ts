/** Debian's mosquitto on a free port. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

const PLACES = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/opt/homebrew/sbin/mosquitto'];

/** The program; undefined: it is not installed. */
export function mosquittoProgram(): string | undefined {
  if (spawnSync('mosquitto', ['-h']).error === undefined) return 'mosquitto';
  return PLACES.find((path) => existsSync(path));
}

/** Skips a test, loudly, where mosquitto is missing. */
export function needsMosquitto(context: Mocha.Context): string {
  const program = mosquittoProgram();
  if (program !== undefined) return program;
  process.stderr.write('SKIPPED: mosquitto is not installed (scripts/debian-tools.txt)\n');
  return context.skip();
}

export class Mosquitto {
  readonly port: number;
  readonly folder: string;
  readonly #program: string;
  #child: ChildProcess | undefined;

  private constructor(program: string, port: number, folder: string) {
    this.#program = program;
    this.port = port;
    this.folder = folder;
  }

  /** @param more lines of the configuration; `allow_anonymous true` unless it says otherwise */
  static async start(program: string, more: (folder: string) => string = () => ''): Promise<Mosquitto> {
    const folder = await mkdtemp(join(tmpdir(), 'makai-mosquitto-'));
    const broker = new Mosquitto(program, await freePort(), folder);
    const lines = more(folder);
    const open = lines.includes('allow_anonymous') ? '' : 'allow_anonymous true\n';
    await writeFile(
      join(folder, 'mosquitto.conf'),
      `listener ${broker.port} 127.0.0.1\npersistence true\npersistence_location ${folder}/\nautosave_interval 1\nautosave_on_changes true\nuser root\n${open}${lines}\n`,
    );
    await broker.up();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    const config = join(this.folder, 'mosquitto.conf');
    const child = spawn(this.#program, ['-c', config], { stdio: 'ignore' });
    this.#child = child;
    await until(`mosquitto listens on ${this.port}`, async () => {
      if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`);
      return isOpen(this.port);
    });
  }

  async down(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Fulfilled when its sessions are on disk: otherwise a kill takes what it had not saved yet. */
  async save(): Promise<void> {
    const file = join(this.folder, 'mosquitto.db');
    const saved = async (): Promise<number> => (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
    const before = await saved();
    this.#child?.kill('SIGUSR1');
    await until('mosquitto has saved its sessions', async () => (await saved()) !== before);
  }

  async remove(): Promise<void> {
    await this.down();
    await rm(this.folder, { recursive: true });
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const end = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

export interface Heard {
  topic: string;
  payload: Record<string, unknown>;
  retain: boolean;
}

/** A subscriber that keeps all that it hears, and connects again by itself. */
export async function subscriber(
  url: string,
  options: IClientOptions = {},
  filter = '#',
): Promise<{ heard: Heard[]; client: MqttClient }> {
  const heard: Heard[] = [];
  const client = connect(url, { reconnectPeriod: 100, ...options });
  // Before it is connected: what a session has missed comes right behind the reply to CONNECT.
  client.on('message', (topic, payload, { retain }) => {
    heard.push({ topic, retain, payload: objectOf(payload.toString()) });
  });
  client.on('error', () => undefined);
  await new Promise<void>((connected) => client.once('connect', () => connected()));
  await client.subscribeAsync(filter, { qos: 1 });
  return { heard, client };
}

/** What is no JSON is there too, as an empty object. */
function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
