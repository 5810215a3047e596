/** The three daemons as processes with real keys, on a MongoDB server of their own that can be killed, and a fleet of simulated boxes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Box, type Fleet, parseScenario, scenarioSource, startFleet } from '../../../../box/index.js';
import { Child } from '../../../../cli/up/children.js';
import { prepareWorkspace, type Workspace } from '../../../../cli/up/workspace.js';
import { type Kind, parseStatusEndpoint } from '../../../../config/index.js';
import { readStatus } from '../../../../daemon/status/client.js';
import { readSecretCertificate } from '../../../../keys/files.js';
import { type MongoServer, startMongo } from '../../../support/mongo-server.js';

export const KINDS: readonly Kind[] = ['triggering-broker', 'acquisition-broker', 'triggering-service'];
/** Box 2 (each answers every READ), and from here on Box 3, which answer only for themselves. */
const FIRST_BOX2 = 1001;
const FIRST_BOX3 = 2001;
const BOX2 = 4;
/** Six measurements a second. */
const WINDOW_CYCLES = 10;

export interface Line {
  workspace: Workspace;
  mongo: MongoServer;
  /** the server's, with the database of the daemons */
  url: string;
  boxes: ReadonlyMap<number, Box>;
  processes: Readonly<Record<Kind, Child>>;
  /** what ended although nobody asked it to */
  deaths: string[];
  config(kind: Kind, field: string): string;
  details(kind: Kind): Promise<Record<string, unknown>>;
  /** resident memory, MB */
  memoryMb(kind: Kind): number;
  /** the boxes fall silent; what is on its way still arrives */
  silence(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param withoutDatabase the daemons find no database when they start, and have never seen one
 * @returns undefined where there is no server that we may kill
 */
export async function startLine(boxCount: number, withoutDatabase = false): Promise<Line | undefined> {
  const mongo = await startMongo();
  if (mongo?.control === undefined) {
    await mongo?.stop();
    return undefined;
  }
  if (withoutDatabase) await mongo.control.kill();
  const directory = await mkdtemp(join(tmpdir(), 'makai-outage-'));
  const box3 = Math.max(1, boxCount - BOX2);
  const ids = [...range(FIRST_BOX2, BOX2), ...range(FIRST_BOX3, box3)];
  const workspace = await prepareWorkspace(directory, ids.map(String));
  const url = `${mongo.uri}/opq`;
  const configs = writeConfigs(workspace, url);
  const deaths: string[] = [];
  const processes: Partial<Record<Kind, Child>> = {};
  const fleets: Fleet[] = [];
  const silence = async (): Promise<void> => {
    for (const fleet of fleets.splice(0)) await fleet.stop(2000);
  };
  const stop = async (): Promise<void> => {
    await silence();
    for (const kind of [...KINDS].reverse())
      await processes[kind]?.stop().catch((error) => deaths.push(String(error)));
    await mongo.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    for (const kind of KINDS) {
      const args = [kind, workspace.configs[kind]];
      const onDeath = (message: string): void => void deaths.push(message);
      processes[kind] = await Child.start({ name: kind, args, logs: workspace.logs, onDeath });
    }
    fleets.push(await fleetOf(workspace, FIRST_BOX2, BOX2, 2), await fleetOf(workspace, FIRST_BOX3, box3, 3));
  } catch (error) {
    await stop();
    throw error;
  }
  const config = (kind: Kind, field: string): string => String(configs[kind][field]);
  const started = processes as Record<Kind, Child>;
  return {
    workspace,
    mongo,
    url,
    boxes: new Map(fleets.flatMap((fleet) => fleet.boxes.map((box) => [box.id, box] as const))),
    processes: started,
    deaths,
    config,
    details: async (kind) => {
      const address = parseStatusEndpoint(config(kind, 'status'));
      if (address === undefined) throw new Error('no status server');
      return (await readStatus(address, 10_000)).details;
    },
    memoryMb: (kind) => memoryOf(started[kind].pid),
    silence,
    stop,
  };
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

function writeConfigs(
  { configs, directory }: Workspace,
  store: string,
): Record<Kind, Record<string, unknown>> {
  const written = {} as Record<Kind, Record<string, unknown>>;
  for (const kind of KINDS) {
    const base = JSON.parse(readFileSync(configs[kind], 'utf8')) as Record<string, unknown>;
    const stored = kind === 'triggering-broker' ? {} : { store, spool: { path: join(directory, 'spool') } };
    // The workspace's plugins would ask for events of their own.
    const plugins = kind === 'triggering-service' ? { plugins: [] } : {};
    written[kind] = { ...base, ...stored, ...plugins };
    writeFileSync(configs[kind], JSON.stringify(written[kind]), { mode: 0o600 });
  }
  return written;
}

async function fleetOf(workspace: Workspace, firstId: number, count: number, dialect: 2 | 3): Promise<Fleet> {
  const { endpoints, keys } = workspace;
  const { publicKey } = await readSecretCertificate(keys.serverSecret);
  const pairs = new Map<number, Awaited<ReturnType<typeof readSecretCertificate>>>();
  for (const id of range(firstId, count))
    pairs.set(id, await readSecretCertificate(keys.boxSecret(String(id))));
  const source = scenarioSource(parseScenario({ name: 'quiet', duration_s: 60, seed: 3 }));
  return startFleet({
    count,
    firstId,
    dialect,
    sourceFor: () => source,
    keysFor: (id) => pairs.get(id),
    serverPublicKey: publicKey,
    endpoints: {
      measurements: endpoints.measurements,
      commands: endpoints.commands,
      replies: endpoints.replies,
    },
    box3: { measurementWindowCycles: WINDOW_CYCLES },
  });
}

function memoryOf(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
