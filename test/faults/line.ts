/** The three daemons as processes, a small fleet of boxes, and a client that keeps asking: what the faults are put on. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fleet, parseScenario, scenarioSource, startFleet } from '../../box/index.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { type Kind, parseStatusEndpoint } from '../../config/index.js';
import { readStatus } from '../../daemon/status/client.js';
import { readSecretCertificate } from '../../keys/files.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { type MongoServer, startMongo } from '../support/mongo-server.js';
import { DaemonProcess } from './daemon-process.js';

export type StoreKind = 'sqlite' | 'mongo';
export const KINDS: readonly Kind[] = ['triggering-broker', 'acquisition-broker', 'triggering-service'];
/** Two of each dialect. */
export const BOX_IDS = [1001, 1002, 1003, 1004] as const;
/** Certificates without a box behind them, for what a case makes itself. */
export const SPARE_IDS = [1, 2, 3] as const;

export interface LineOptions {
  store: StoreKind;
  /** where files of the stores go; the working folder unless given */
  data?: string;
  /** fields that win over those of the workspace */
  config?: Partial<Record<Kind, Record<string, unknown>>>;
  /** takes the place of the workspace's loopback addresses in the endpoints of each daemon, or of one */
  address?: string | Partial<Record<Kind, string>>;
  prefix?: Partial<Record<Kind, readonly string[]>>;
  env?: Partial<Record<Kind, Readonly<Record<string, string>>>>;
  /** where the boxes connect, when not straight to the brokers */
  boxEndpoints?: (endpoints: Workspace['endpoints']) => Partial<Workspace['endpoints']>;
  /** the one daemon that is started; all unless given */
  only?: Kind;
  /** where the keys of boxes come from; the directory unless given */
  whiteList?: 'directory' | 'both';
  /** false: a case has boxes of its own */
  boxes?: boolean;
  /** what the grid of the boxes does; nothing unless given */
  scenario?: ReturnType<typeof parseScenario>;
}

const RETENTION = { mode: 'ttl', measurementsSeconds: 86_400 } as const;
const SCENARIO = parseScenario({ name: 'quiet', duration_s: 60, seed: 3 });

export class FaultLine {
  readonly workspace: Workspace;
  readonly daemons: Readonly<Record<Kind, DaemonProcess>>;
  readonly mongo: MongoServer | undefined;
  readonly storeUrl: string;
  readonly serverKey: string;
  fleet: Fleet | undefined;
  readonly #config: Record<Kind, Record<string, unknown>>;

  private constructor(
    parts: Pick<FaultLine, 'workspace' | 'daemons' | 'mongo' | 'storeUrl' | 'serverKey'>,
    config: Record<Kind, Record<string, unknown>>,
  ) {
    this.workspace = parts.workspace;
    this.daemons = parts.daemons;
    this.mongo = parts.mongo;
    this.storeUrl = parts.storeUrl;
    this.serverKey = parts.serverKey;
    this.#config = config;
  }

  /** @throws Error when a daemon does not start; undefined where there is no MongoDB to be had */
  static async start(options: LineOptions): Promise<FaultLine | undefined> {
    const directory = await mkdtemp(join(tmpdir(), 'makai-fault-'));
    const mongo = options.store === 'mongo' ? await startMongo() : undefined;
    if (options.store === 'mongo' && mongo === undefined) return undefined;
    const workspace = await prepareWorkspace(directory, [...SPARE_IDS, ...BOX_IDS].map(String));
    const data = options.data ?? join(directory, 'data');
    await mkdir(data, { recursive: true });
    const storeUrl = mongo === undefined ? `sqlite:${join(data, 'makai.db')}` : `${mongo.uri}/opq`;
    const config = writeConfigs(
      workspace,
      { store: storeUrl, spool: { path: join(data, 'spool') } },
      options,
    );
    const daemons = Object.fromEntries(
      KINDS.map((kind) => [kind, processOf(workspace, kind, options)]),
    ) as Record<Kind, DaemonProcess>;
    const { publicKey: serverKey } = await readSecretCertificate(workspace.keys.serverSecret);
    const line = new FaultLine({ workspace, daemons, mongo, storeUrl, serverKey }, config);
    try {
      await line.registerBoxes();
      for (const kind of KINDS) if ((options.only ?? kind) === kind) await daemons[kind].start();
      if (options.boxes !== false) line.fleet = await line.startFleet(options);
      return line;
    } catch (error) {
      await line.stop();
      throw error;
    }
  }

  field(kind: Kind, name: string): string {
    return String(this.#config[kind][name]);
  }

  async details(kind: Kind): Promise<Record<string, unknown>> {
    const address = parseStatusEndpoint(this.field(kind, 'status'));
    if (address === undefined) throw new Error('no status server');
    return (await readStatus(address, 10_000)).details;
  }

  /** The store as another program sees it: MongoDB itself, not the spools. @throws while MongoDB is unavailable */
  openStore(): Promise<Store> {
    return openStore(this.storeUrl, { retention: RETENTION });
  }

  curve(id: number) {
    return readSecretCertificate(this.workspace.keys.boxSecret(String(id))).then((pair) => ({
      curveServerKey: this.serverKey,
      curvePublicKey: pair.publicKey,
      curveSecretKey: pair.secretKey.reveal(),
    }));
  }

  /** What went wrong without being asked for. */
  deaths(): string[] {
    return KINDS.flatMap((kind) => this.daemons[kind].died ?? []);
  }

  /** All that the daemons have logged. */
  logs(): string {
    const { logs } = this.workspace;
    return readdirSync(logs)
      .map((name) => readFileSync(join(logs, name), 'utf8'))
      .join('');
  }

  async stop({ keep = false } = {}): Promise<void> {
    await this.fleet?.stop();
    for (const kind of [...KINDS].reverse()) await this.daemons[kind].stop();
    await this.mongo?.stop();
    if (!keep) await rm(this.workspace.directory, { recursive: true, force: true });
  }

  private async registerBoxes(): Promise<void> {
    const store = await this.openStore();
    for (const id of BOX_IDS)
      await store.putBox({ box_id: String(id), calibration_constant: 100, unplugged: false });
    await store.close();
  }

  private async startFleet({ boxEndpoints, scenario = SCENARIO }: LineOptions): Promise<Fleet> {
    const pairs = new Map<number, Awaited<ReturnType<typeof readSecretCertificate>>>();
    for (const id of BOX_IDS)
      pairs.set(id, await readSecretCertificate(this.workspace.keys.boxSecret(String(id))));
    const source = scenarioSource(scenario);
    const endpoints = {
      measurements: this.field('triggering-broker', 'interface'),
      commands: this.field('acquisition-broker', 'box_pub'),
      replies: this.field('acquisition-broker', 'box_pull'),
    };
    return startFleet({
      count: BOX_IDS.length,
      firstId: BOX_IDS[0],
      dialect: 'mixed',
      sourceFor: () => source,
      keysFor: (id) => pairs.get(id),
      serverPublicKey: this.serverKey,
      endpoints: { ...endpoints, ...boxEndpoints?.(this.workspace.endpoints) },
    });
  }
}

function processOf(workspace: Workspace, kind: Kind, { env, prefix }: LineOptions): DaemonProcess {
  return new DaemonProcess({
    name: kind,
    args: [kind, workspace.configs[kind]],
    logFile: join(workspace.logs, `${kind}.log`),
    prefix: prefix?.[kind] ?? [],
    env: env?.[kind] ?? {},
  });
}

function writeConfigs(
  { configs }: Workspace,
  stored: { store: string; spool: { path: string } },
  { address, config = {}, whiteList }: LineOptions,
): Record<Kind, Record<string, unknown>> {
  const written = {} as Record<Kind, Record<string, unknown>>;
  for (const kind of KINDS) {
    const host = typeof address === 'string' ? address : address?.[kind];
    const base = readFileSync(configs[kind], 'utf8').replaceAll(
      'tcp://127.0.0.1',
      `tcp://${host ?? '127.0.0.1'}`,
    );
    const access = whiteList === undefined ? {} : { white_list: whiteList, store: stored.store };
    const own = { ...(kind === 'triggering-broker' ? {} : stored), ...access };
    // The plugins of the workspace would ask for events of their own.
    const plugins = kind === 'triggering-service' ? { plugins: [] } : {};
    written[kind] = { ...(JSON.parse(base) as Record<string, unknown>), ...own, ...plugins, ...config[kind] };
    writeFileSync(configs[kind], JSON.stringify(written[kind]), { mode: 0o600 });
  }
  return written;
}
