/** `npm run bench -- cluster`: the whole way of a measurement from a box to the store, with and without NATS: CPU of all processes together. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { curveKeyPair, XPublisher } from 'zeromq';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { writeSecretCertificate } from '../keys/files.js';
import { parseKeyPair } from '../keys/key.js';
import { triggerMessage } from '../proto/index.js';
import { type Benchmark, compare } from './compare.js';
import { freePort } from './support/free-port.js';
import { natsProgram } from './support/nats.js';
import { Measured } from './support/process.js';

const RATE = 20_000;
const MESSAGES = 200_000;
const SHORT_MESSAGES = 60_000;
const WARM_UP = 40_000;
/** Six measurements a second each. */
const BOXES = 3333;
const TURN_MS = 5;
const PATIENCE_MS = 60_000;
const BASELINE = 'ZeroMQ, 1 service';
const PARTITIONS = 64;
const ENTRY = join(PACKAGE_ROOT, 'dist/cli/main.js');

interface Details {
  measurements: number;
  store: { stored: number };
  nats?: { partitions: number[] };
}

/** All processes of one round. */
class Line {
  readonly #folder = mkdtempSync(join(tmpdir(), 'makai-bench-'));
  readonly #processes: Measured[] = [];
  readonly #statusPorts: number[] = [];
  #box: XPublisher | undefined;
  #sent = 0;

  /** @param nats the program of nats-server; undefined: without NATS */
  async start(services: number, nats: string | undefined): Promise<void> {
    const server = `nats://127.0.0.1:${await freePort()}`;
    if (nats !== undefined) {
      const args = [
        '-a',
        '127.0.0.1',
        '-p',
        server.split(':')[2] ?? '',
        '-js',
        '-sd',
        join(this.#folder, 'js'),
      ];
      this.#processes.push(new Measured('nats-server', nats, args));
    }
    const servers = nats === undefined ? {} : { nats: { servers: [server] } };
    const [front, back] = [`tcp://127.0.0.1:${await freePort()}`, `tcp://127.0.0.1:${await freePort()}`];
    const keys = curveKeyPair();
    const certificate = join(this.#folder, 'private/server');
    await writeSecretCertificate(certificate, {
      boxId: undefined,
      ...parseKeyPair(keys.publicKey, keys.secretKey, 'bench'),
    });
    const spool = { spool: { path: join(this.#folder, 'spool') } };
    await this.#daemon('triggering-broker', {
      ...{ server_cert: certificate, interface: front, backend: back, allow_any_client: true },
      ...(nats === undefined ? {} : { nats: { ...servers.nats, ...spool } }),
      status: 'off',
    });
    for (let i = 1; i <= services; i += 1) {
      const port = await freePort();
      this.#statusPorts.push(port);
      const store = `sqlite:${join(this.#folder, `store${i}.db`)}`;
      const own = { zmq_trigger_endpoint: back, store, status: `127.0.0.1:${port}`, plugins: [] };
      await this.#daemon('triggering-service', { ...own, ...servers });
    }
    if (nats !== undefined)
      await this.#until('the services have their shares', async () => {
        const shares = (await this.#details()).map(({ nats: own }) => own?.partitions.length ?? 0);
        return shares.every((share) => share === PARTITIONS / services);
      });
    this.#box = new XPublisher({ linger: 0, sendHighWaterMark: 0 });
    this.#box.verbosity = 'allSubs';
    Object.assign(this.#box, { curveServerKey: keys.publicKey, ...clientKeys() });
    this.#box.connect(front);
    await this.#box.receive();
  }

  /** CPU of all processes, us per measurement. @throws Error when one was not stored exactly once */
  async measure(messages: number): Promise<number> {
    await this.#send(WARM_UP);
    const before = this.#cpuSeconds();
    await this.#send(messages);
    return ((this.#cpuSeconds() - before) * 1e6) / messages;
  }

  async stop(): Promise<void> {
    this.#box?.close();
    for (const process of this.#processes.reverse()) await process.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #daemon(name: string, settings: object): Promise<void> {
    const file = join(this.#folder, `${name}-${this.#processes.length}.json`);
    writeFileSync(file, JSON.stringify({ ...settings, log_level: 'error' }), { mode: 0o600 });
    const daemon = new Measured(name, process.execPath, [ENTRY, name, file]);
    this.#processes.push(daemon);
    await daemon.until('"ready"');
  }

  async #send(count: number): Promise<void> {
    const startMs = performance.now();
    const end = this.#sent + count;
    for (const first = this.#sent; this.#sent < end; ) {
      const due = Math.min(end, first + Math.floor(((performance.now() - startMs) * RATE) / 1000));
      for (; this.#sent < due; this.#sent += 1) {
        const id = 1000 + (this.#sent % BOXES);
        const frequency = 60 + Math.random() / 10;
        const rms = 120 + Math.random();
        const rest = { thd: Math.random() / 50, lastGps: 0, currentCount: 0, flags: 0 };
        const payload = triggerMessage.encode({ id, time: Date.now(), frequency, rms, ...rest });
        await this.#box?.send([String(id), Buffer.from(payload)]);
      }
      await sleep(TURN_MS);
    }
    await this.#until(`${end} measurements are stored`, async () => {
      const stored = (await this.#details()).reduce((sum, { store }) => sum + store.stored, 0);
      if (stored > end) throw new Error(`${stored} of ${end} measurements were stored`);
      return stored === end;
    });
  }

  #cpuSeconds(): number {
    return this.#processes.reduce((sum, process) => sum + process.cpuSeconds(), 0);
  }

  #details(): Promise<Details[]> {
    return Promise.all(
      this.#statusPorts.map(async (port) => {
        const reply = await fetch(`http://127.0.0.1:${port}/status`);
        return ((await reply.json()) as { details: Details }).details;
      }),
    );
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (performance.now() > end)
        throw new Error(
          `not within ${PATIENCE_MS / 1000} s: ${what}: ${JSON.stringify(await this.#details())}`,
        );
      await sleep(100);
    }
  }
}

function clientKeys(): { curvePublicKey: string; curveSecretKey: string } {
  const { publicKey, secretKey } = curveKeyPair();
  return { curvePublicKey: publicKey, curveSecretKey: secretKey };
}

async function once(services: number, nats: string | undefined, messages: number): Promise<number> {
  const line = new Line();
  try {
    await line.start(services, nats);
    return await line.measure(messages);
  } finally {
    await line.stop();
  }
}

export const cluster: Benchmark = {
  name: 'cluster',
  what: 'the way of a measurement from a box to the store with 1, 2 and 4 services that take it from NATS, against one that subscribes to the broker: CPU of all processes',
  long: true,
  run: async ({ rounds, short = false }) => {
    const nats = natsProgram();
    if (nats === undefined) return [];
    const messages = short ? SHORT_MESSAGES : MESSAGES;
    const contender = (services: number) => ({
      name: `NATS, ${services} ${services === 1 ? 'service' : 'services'}`,
      once: () => once(services, nats, messages),
    });
    const contenders = [
      { name: BASELINE, once: () => once(1, undefined, messages) },
      ...[1, 2, 4].map(contender),
    ];
    return [
      await compare(
        {
          title: `Box 2, ${BOXES} boxes, ${RATE} measurements/s, each service with its own SQLite file: CPU of broker, NATS and services`,
          unit: 'us per measurement',
          better: 'lower',
          baseline: BASELINE,
          warmUp: false,
          // At most twice the CPU.
          goals: [{ contender: 'NATS, 1 service', ratio: 0.5 }],
          contenders,
        },
        rounds,
      ),
    ];
  },
};
