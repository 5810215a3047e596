/** One daemon as a process with new keys and free ports, and peers that may connect to it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../../cli/up/children.js';
import { prepareWorkspace, type Workspace } from '../../cli/up/workspace.js';
import { type Kind, parseStatusEndpoint } from '../../config/index.js';
import { readStatus } from '../../daemon/status/client.js';
import { readSecretCertificate } from '../../keys/files.js';
import type { KeyPair } from '../../keys/key.js';
import { freePort } from '../support/free-port.js';

export const BOX2 = 1001;
export const BOX3 = 1002;

export interface DaemonUnderTest {
  kind: Kind;
  workspace: Workspace;
  /** endpoints and other settings of its file */
  config: Record<string, unknown>;
  serverKey: string;
  /** options of a CURVE client socket with the keys of an admitted box */
  curve(id: number): { curveServerKey: string; curvePublicKey: string; curveSecretKey: string };
  /** MB */
  memory(): number;
  /** why it exited, if it did */
  deaths: readonly string[];
  logText(): string;
  details(): Promise<Record<string, unknown>>;
  status: { host: string; port: number };
  stop(): Promise<void>;
}

/** @param change settings that override those of the workspace */
export async function startDaemon(
  kind: Kind,
  change: Record<string, unknown> = {},
): Promise<DaemonUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'makai-fuzz-'));
  const workspace = await prepareWorkspace(directory, [String(BOX2), String(BOX3)]);
  const file = workspace.configs[kind];
  const config = { ...(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>), ...change };
  for (const [field, value] of Object.entries(config))
    if (typeof value === 'string' && value.endsWith(':*'))
      config[field] = `${value.slice(0, -1)}${await freePort()}`;
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  const deaths: string[] = [];
  const child = await Child.start({
    name: kind,
    args: [kind, file],
    logs: workspace.logs,
    onDeath: (message) => void deaths.push(message),
  });
  const { publicKey: serverKey } = await readSecretCertificate(workspace.keys.serverSecret);
  const pairs = new Map<number, KeyPair>();
  for (const id of [BOX2, BOX3])
    pairs.set(id, await readSecretCertificate(workspace.keys.boxSecret(String(id))));
  const address = parseStatusEndpoint(String(config.status));
  if (address === undefined || 'path' in address) throw new Error('the status server has no port');
  return {
    kind,
    workspace,
    config,
    serverKey,
    deaths,
    status: address,
    curve: (id) => {
      const pair = pairs.get(id);
      if (pair === undefined) throw new Error(`box ${id} has no keys`);
      return {
        curveServerKey: serverKey,
        curvePublicKey: pair.publicKey,
        curveSecretKey: pair.secretKey.reveal(),
      };
    },
    memory: () => residentMb(child.pid),
    logText: () => readFileSync(child.logFile, 'utf8'),
    details: async () => (await readStatus(address, 30_000)).details,
    stop: async () => {
      await child.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Resident memory of a process, MB; NaN after it has exited. */
export function residentMb(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
