/** All processes on the way of a measurement from a box to the store: the broker, nats-server, services with an SQLite file each; and the box that sends for all. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { curveKeyPair, XPublisher } from 'zeromq';
import { PACKAGE_ROOT } from '../../common/package-root.js';
import { writeSecretCertificate } from '../../keys/files.js';
import { parseKeyPair } from '../../keys/key.js';
import { partitionOfBox } from '../../nats/partition.js';
import { triggerMessage } from '../../proto/index.js';
import { openStore } from '../../store/open.js';
import { freePort } from './free-port.js';
import { Measured } from './process.js';

export const RATE = 20_000;
/** Six measurements a second each. */
export const BOXES = 3333;
export const LOCATIONS = 300;
const WARM_UP = 40_000;
const TURN_MS = 5;
/** Measurements that may be on their way where they are sent as fast as they are taken. */
const AT_ONCE = 20_000;
const PATIENCE_MS = 120_000;
const PARTITIONS = 64;
const FIRST_ID = 1000;
const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
const ENTRY = join(PACKAGE_ROOT, 'dist/cli/main.js');

export interface LineOptions {
  services: number;
  /** the program of nats-server; undefined: without NATS */
  nats: string | undefined;
  /** with napali and outage, and boxes at 300 locations */
  comparing?: boolean;
}

interface Details {
  store: { stored: number };
  nats?: { partitions: number[]; comparing?: { seconds: number } };
}

interface Service {
  process: Measured;
  port: number;
  file: string;
}

export class ClusterLine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'makai-bench-'));
  readonly #processes: Measured[] = [];
  readonly #options: LineOptions;
  #services: Service[] = [];
  #brokerPort = 0;
  #box: XPublisher | undefined;
  #sent = 0;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { comparing = false, nats, services } = this.#options;
    const port = await freePort();
    const servers = nats === undefined ? {} : { nats: { servers: [`nats://127.0.0.1:${port}`] } };
    if (nats !== undefined) {
      const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(this.#folder, 'js')];
      this.#processes.push(new Measured('nats-server', nats, args));
    }
    const [front, back] = [`tcp://127.0.0.1:${await freePort()}`, `tcp://127.0.0.1:${await freePort()}`];
    const keys = curveKeyPair();
    const certificate = join(this.#folder, 'private/server');
    await writeSecretCertificate(certificate, {
      boxId: undefined,
      ...parseKeyPair(keys.publicKey, keys.secretKey, 'bench'),
    });
    this.#brokerPort = await freePort();
    const spool = { spool: { path: join(this.#folder, 'spool') } };
    await this.#daemon('triggering-broker', {
      ...{ server_cert: certificate, interface: front, backend: back, allow_any_client: true },
      ...(nats === undefined ? {} : { nats: { ...servers.nats, ...spool } }),
      status: `127.0.0.1:${this.#brokerPort}`,
    });
    for (let i = 1; i <= services; i += 1) {
      const [own, file] = [await freePort(), join(this.#folder, `store${i}.db`)];
      if (comparing) await registerBoxes(file);
      const process = await this.#daemon('triggering-service', {
        ...{ zmq_trigger_endpoint: back, store: `sqlite:${file}`, status: `127.0.0.1:${own}`, ...servers },
        ...{ identity: `service${i}`, plugins: comparing ? [{ path: 'napali' }, { path: 'outage' }] : [] },
      });
      this.#services.push({ process, port: own, file });
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

  /** CPU of all processes, us per measurement, at 20,000 a second. @throws Error when one was not stored exactly once */
  async cpu(messages: number): Promise<number> {
    // What a process compiles in its first ten seconds is no part of a daemon that runs for years.
    await this.#paced(Math.max(WARM_UP, messages / 2));
    const before = this.#cpuSeconds();
    await this.#paced(messages);
    const cpu = ((this.#cpuSeconds() - before) * 1e6) / messages;
    const seconds = (await this.#details()).map(({ nats }) => nats?.comparing?.seconds ?? 0);
    if (this.#options.comparing === true && this.#options.nats !== undefined && Math.max(...seconds) === 0)
      throw new Error('nobody ran the plugins that compare boxes');
    return cpu;
  }

  /** Measurements a second that JetStream acknowledges and that are stored, sent as fast as they are taken. @throws Error when one was not stored exactly once */
  async throughput(messages: number): Promise<{ acknowledged: number; stored: number }> {
    await this.#paced(WARM_UP);
    const startMs = performance.now();
    const [begun, end] = [this.#sent, this.#sent + messages];
    const seconds = (): number => (performance.now() - startMs) / 1000;
    let acknowledgedS = Number.NaN;
    while (this.#sent < end) {
      const taken = await this.#taken();
      for (const due = Math.min(end, taken + AT_ONCE); this.#sent < due; ) await this.#send();
      await sleep(TURN_MS);
    }
    await this.#until('all were taken', async () => (await this.#taken()) >= end, TURN_MS);
    acknowledgedS = seconds();
    await this.#stored(end);
    return { acknowledged: (end - begun) / acknowledgedS, stored: (end - begun) / seconds() };
  }

  /** Kills a service under load. @returns seconds until a measurement after the kill is stored of each partition that it had */
  async replaced(): Promise<number> {
    await this.#paced(WARM_UP);
    const [killed, ...others] = this.#services;
    if (killed === undefined || others.length === 0) throw new Error('there are not two services');
    const [details] = await this.#details();
    const stores = await Promise.all(
      others.map(({ file }) => openStore(`sqlite:${file}`, { retention: RETENTION })),
    );
    let isOver = false;
    const sending = this.#endless(() => isOver);
    try {
      await sleep(1000);
      await killed.process.stop('SIGKILL');
      const [killedMs, startMs] = [Date.now(), performance.now()];
      this.#services = others;
      for (const partition of details?.nats?.partitions ?? []) {
        const box = String(boxIn(partition));
        await this.#until(`partition ${partition} is stored`, async () => {
          for (const store of stores)
            for await (const _ of store.measurements(box, { fromMs: killedMs, limit: 1 })) return true;
          return false;
        });
      }
      return (performance.now() - startMs) / 1000;
    } finally {
      isOver = true;
      await sending;
      for (const store of stores) await store.close();
    }
  }

  async stop(): Promise<void> {
    this.#box?.close();
    for (const process of this.#processes.reverse()) await process.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #daemon(name: string, settings: object): Promise<Measured> {
    const file = join(this.#folder, `${name}-${this.#processes.length}.json`);
    writeFileSync(file, JSON.stringify({ ...settings, log_level: 'error' }), { mode: 0o600 });
    const daemon = new Measured(name, process.execPath, [ENTRY, name, file]);
    this.#processes.push(daemon);
    await daemon.until('"ready"');
    return daemon;
  }

  async #send(): Promise<void> {
    const id = FIRST_ID + (this.#sent % BOXES);
    this.#sent += 1;
    const frequency = 60 + Math.random() / 10;
    const rms = 120 + Math.random();
    const rest = { thd: Math.random() / 50, lastGps: 0, currentCount: 0, flags: 0 };
    const payload = triggerMessage.encode({ id, time: Date.now(), frequency, rms, ...rest });
    await this.#box?.send([String(id), Buffer.from(payload)]);
  }

  /** At 20,000 a second, until all are stored. */
  async #paced(count: number): Promise<void> {
    const end = this.#sent + count;
    await this.#endless(() => this.#sent >= end, end);
    await this.#stored(end);
  }

  async #endless(isOver: () => boolean, end = Number.POSITIVE_INFINITY): Promise<void> {
    const [startMs, first] = [performance.now(), this.#sent];
    while (!isOver()) {
      const due = Math.min(end, first + Math.floor(((performance.now() - startMs) * RATE) / 1000));
      while (this.#sent < due) await this.#send();
      await sleep(TURN_MS);
    }
  }

  async #stored(end: number): Promise<void> {
    await this.#until(`${end} measurements are stored`, async () => {
      const stored = await this.#storedSoFar();
      if (stored > end) throw new Error(`${stored} of ${end} measurements were stored`);
      return stored === end;
    });
  }

  async #storedSoFar(): Promise<number> {
    return (await this.#details()).reduce((sum, { store }) => sum + store.stored, 0);
  }

  /** By JetStream, or without it by the store. */
  async #taken(): Promise<number> {
    if (this.#options.nats === undefined) return this.#storedSoFar();
    const { nats } = await detailsAt<{ nats?: { acknowledged: number } }>(this.#brokerPort);
    return nats?.acknowledged ?? 0;
  }

  #cpuSeconds(): number {
    return this.#processes.reduce((sum, process) => sum + process.cpuSeconds(), 0);
  }

  #details(): Promise<Details[]> {
    return Promise.all(this.#services.map(({ port }) => detailsAt<Details>(port)));
  }

  async #until(what: string, holds: () => Promise<boolean>, everyMs = 100): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (performance.now() > end)
        throw new Error(
          `not within ${PATIENCE_MS / 1000} s: ${what}: ${JSON.stringify(await this.#details())}`,
        );
      await sleep(everyMs);
    }
  }
}

async function detailsAt<T>(port: number): Promise<T> {
  const reply = await fetch(`http://127.0.0.1:${port}/status`);
  return ((await reply.json()) as { details: T }).details;
}

async function registerBoxes(file: string): Promise<void> {
  const store = await openStore(`sqlite:${file}`, { retention: RETENTION });
  for (let i = 0; i < BOXES; i += 1)
    await store.putBox({
      ...{ box_id: String(FIRST_ID + i), calibration_constant: 120, unplugged: false },
      location: `location-${i % LOCATIONS}`,
    });
  await store.close();
}

function boxIn(partition: number): number {
  let id = FIRST_ID;
  while (partitionOfBox(id) !== partition) id += 1;
  return id;
}

function clientKeys(): { curvePublicKey: string; curveSecretKey: string } {
  const { publicKey, secretKey } = curveKeyPair();
  return { curvePublicKey: publicKey, curveSecretKey: secretKey };
}
