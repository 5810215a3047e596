/** A cluster as processes: three NATS servers, a triggering broker with its relay, triggering services, and one MongoDB server for all of them, or an SQLite file for each. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { curveKeyPair } from 'zeromq';
import { writeSecretCertificate } from '../../../keys/files.js';
import { parseKeyPair } from '../../../keys/key.js';
import { openStore } from '../../../store/open.js';
import type { Store } from '../../../store/store.js';
import type { TriggeringServiceStatus } from '../../../triggering-service/status.js';
import { freePort } from '../../support/free-port.js';
import { type MongoServer, startMongo } from '../../support/mongo-server.js';
import { type NatsPlace, NatsServer, natsBinary } from '../../support/nats-server.js';
import { until } from '../../support/until.js';
import { DaemonProcess } from '../daemon-process.js';
import type { StoreKind } from '../line.js';
import { Load } from './load.js';

const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
const SERVERS = 3;
export const FIRST_ID = 1000;
/** A node process that starts on a busy machine takes its time. */
const PATIENCE_MS = 300_000;

export interface ClusterOptions {
  /** names of the triggering services */
  services: readonly string[];
  boxes: number;
  /** MongoDB unless given */
  store?: StoreKind;
  /** where each NATS server runs, and each service by its name; loopback unless given */
  natsPlace?: (index: number) => NatsPlace;
  servicePlace?: (name: string) => ServicePlace;
  /** makes a port of loopback reachable for services that run elsewhere */
  reachable?: (port: number) => Promise<void>;
  /** fields of the services that win */
  config?: Readonly<Record<string, unknown>>;
}

export interface ServicePlace extends NatsPlace {
  /** of MongoDB, where it is another one from there */
  mongoUri?: (uri: string) => string;
}

/** With MongoDB a service has a spool. */
export type ClusterServiceStatus = TriggeringServiceStatus & { spool?: { measurements: number } };

export interface ClusterService {
  name: string;
  daemon: DaemonProcess;
  /** undefined while it is not there */
  status(): Promise<ClusterServiceStatus | undefined>;
}

export class ClusterLine {
  readonly folder = mkdtempSync(join(tmpdir(), 'makai-cluster-'));
  readonly ids: readonly number[];
  readonly services: ClusterService[] = [];
  nats: NatsServer[] = [];
  readonly #options: ClusterOptions;
  #mongo: MongoServer | undefined;
  #broker: DaemonProcess | undefined;
  #load: Load | undefined;
  #stores: Store[] = [];

  private constructor(options: ClusterOptions) {
    this.#options = options;
    this.ids = Array.from({ length: options.boxes }, (_, i) => FIRST_ID + i);
  }

  /** @returns undefined where there is no NATS or no MongoDB to be had. @throws Error when a process does not start */
  static async start(options: ClusterOptions): Promise<ClusterLine | undefined> {
    const binary = await natsBinary();
    const isMongo = options.store !== 'sqlite';
    const mongo = binary !== undefined && isMongo ? await startMongo() : undefined;
    if (binary === undefined || (isMongo && mongo === undefined)) return undefined;
    const line = new ClusterLine(options);
    try {
      await line.#start(binary, mongo);
      return line;
    } catch (error) {
      await line.stop();
      throw error;
    }
  }

  get broker(): DaemonProcess {
    if (this.#broker === undefined) throw new Error('there is no broker');
    return this.#broker;
  }

  get load(): Load {
    if (this.#load === undefined) throw new Error('there is no load');
    return this.#load;
  }

  /** What the services store into: one for all of them, or that of each. */
  get stores(): readonly Store[] {
    return this.#stores;
  }

  get urls(): string[] {
    return this.nats.map(({ url }) => url);
  }

  /** Partitions of each service that runs. */
  async shares(): Promise<number[]> {
    const all = await Promise.all(this.services.map((service) => service.status()));
    return all.map((status) => status?.nats?.partitions.length ?? 0);
  }

  /** Partitions that services have and do not read. */
  async unread(): Promise<number> {
    const all = await Promise.all(this.services.map((service) => service.status()));
    return all.reduce((sum, status) => sum + (status?.nats?.unread ?? 0), 0);
  }

  /** Fulfilled when the services have these numbers of partitions, in whatever order, and read them. */
  async balanced(counts: readonly number[]): Promise<void> {
    const wanted = JSON.stringify([...counts].sort((a, b) => a - b));
    await until(
      `shares of ${counts.join(', ')} partitions`,
      async () => JSON.stringify((await this.shares()).sort((a, b) => a - b)) === wanted,
      PATIENCE_MS,
    );
  }

  /** What went wrong without being asked for. */
  wrong(): string[] {
    const daemons = [this.broker, ...this.services.map(({ daemon }) => daemon)];
    const texts = readdirSync(this.folder)
      .filter((name) => name.endsWith('.log'))
      .map((name) => readFileSync(join(this.folder, name), 'utf8'));
    const errors = texts
      .join('')
      .split('\n')
      .filter((line) => /"level":60|unhandled|TypeError|ReferenceError|RangeError/.test(line));
    return [...daemons.flatMap(({ died }) => died ?? []), ...errors.slice(0, 5)];
  }

  async stop({ keep = false } = {}): Promise<void> {
    await this.#load?.stop();
    this.#load?.close();
    await Promise.all([this.#broker?.kill(), ...this.services.map(({ daemon }) => daemon.kill())]);
    await Promise.all(this.#stores.map((store) => store.close()));
    await Promise.all(this.nats.map((server) => server.stop()));
    await this.#mongo?.stop();
    if (!keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #start(binary: string, mongo: MongoServer | undefined): Promise<void> {
    this.#mongo = mongo;
    const { boxes: _boxes, natsPlace, services } = this.#options;
    if (mongo !== undefined) await this.#options.reachable?.(Number(new URL(mongo.uri).port));
    this.nats = await NatsServer.cluster(binary, SERVERS, natsPlace);
    const database = mongo && `${mongo.uri}/makai_cluster_${process.pid}_${Date.now()}`;
    const uriOf = (name: string): string => database ?? `sqlite:${join(this.folder, `${name}.db`)}`;
    for (const uri of new Set(services.map(uriOf)))
      this.#stores.push(await openStore(uri, { retention: RETENTION }));
    const front = `tcp://127.0.0.1:${await freePort()}`;
    const keys = curveKeyPair();
    const certificate = join(this.folder, 'private/server');
    const pair = parseKeyPair(keys.publicKey, keys.secretKey, 'test');
    await writeSecretCertificate(certificate, { boxId: undefined, ...pair });
    this.#broker = this.#daemon('triggering-broker', 'broker', {
      ...{ server_cert: certificate, interface: front, allow_any_client: true, status: 'off' },
      backend: `tcp://127.0.0.1:${await freePort()}`,
      nats: {
        ...{ servers: this.urls, replicas: SERVERS, max_age_seconds: 86_400 },
        spool: { path: join(this.folder, 'relay') },
      },
    });
    await this.#broker.start();
    for (const name of services) this.services.push(await this.#service(name, uriOf(name)));
    await Promise.all(this.services.map(({ daemon }) => daemon.start()));
    const share = Math.floor(64 / services.length);
    await this.balanced(services.map((_, i) => share + (i < 64 % services.length ? 1 : 0)));
    this.#load = new Load(front, keys.publicKey, this.ids);
    this.#load.start();
  }

  async #service(name: string, uri: string): Promise<ClusterService> {
    const { config = {}, servicePlace } = this.#options;
    const { address = '127.0.0.1', mongoUri, prefix = [] } = servicePlace?.(name) ?? {};
    const at = `${address}:${await freePort()}`;
    const settings = {
      ...{ nats: { servers: this.urls }, identity: name, store: mongoUri?.(uri) ?? uri, plugins: [] },
      ...(this.#mongo === undefined ? {} : { spool: { path: join(this.folder, `spool-${name}`) } }),
      ...{ status: at, ...config },
    };
    return {
      name,
      daemon: this.#daemon('triggering-service', name, settings, prefix),
      status: async () => {
        try {
          const reply = await fetch(`http://${at}/status`, { signal: AbortSignal.timeout(5000) });
          return ((await reply.json()) as { details: ClusterServiceStatus }).details;
        } catch {
          return undefined; // it is not there
        }
      },
    };
  }

  #daemon(kind: string, name: string, settings: object, prefix: readonly string[] = []): DaemonProcess {
    const file = join(this.folder, `${name}.json`);
    writeFileSync(file, JSON.stringify({ ...settings, log_level: 'warn' }), { mode: 0o600 });
    return new DaemonProcess({
      ...{ name: kind, args: [kind, file], prefix },
      logFile: join(this.folder, `${name}.log`),
    });
  }
}
