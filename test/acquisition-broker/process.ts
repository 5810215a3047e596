/** The broker as a process, for tests that kill it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../common/free-ports.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/files.js';
import { type KeyPair, newKeyPair } from '../../keys/key.js';
import { keyLayout } from '../../keys/layout.js';
import { RunningProgram } from '../cli/run-process.js';

export interface Deployment {
  directory: string;
  configFile: string;
  storeFile: string;
  endpoints: Record<string, string>;
  serverKey: string;
  keysOf(id: number): KeyPair;
  /** starts the broker; fulfilled when it is ready */
  start(env?: Readonly<Record<string, string>>): Promise<RunningProgram>;
  remove(): Promise<void>;
}

/** A working folder with keys, configuration and free ports, which stay the same over restarts. */
export async function deploy(
  boxes: readonly number[],
  config: Record<string, unknown> = {},
): Promise<Deployment> {
  const directory = await mkdtemp(join(tmpdir(), 'makai-acquisition-'));
  const layout = keyLayout(join(directory, 'curve'));
  const server = newKeyPair();
  await writeSecretCertificate(layout.serverSecret, { boxId: undefined, ...server });
  const pairs = new Map<number, KeyPair>();
  for (const id of boxes) {
    const pair = newKeyPair();
    pairs.set(id, pair);
    await writePublicCertificate(layout.boxPublic(String(id)), {
      boxId: String(id),
      publicKey: pair.publicKey,
    });
  }
  const ports = await freePorts(6);
  const names = [
    'box_pub',
    'box_pull',
    'backend_pull',
    'backend_pub',
    'zmq_event_endpoint',
    'zmq_event_id_endpoint',
  ];
  const endpoints = Object.fromEntries(names.map((name, i) => [name, `tcp://127.0.0.1:${ports[i]}`]));
  const storeFile = join(directory, 'makai.db');
  const configFile = join(directory, 'acquisition_broker_config.json');
  const fields = {
    client_certs: layout.publicDirectory,
    server_cert: layout.serverSecret,
    ...endpoints,
    store: `sqlite:${storeFile}`,
    status: 'off',
    identity: 'test-broker',
    metric_update_sec: 0,
    log_level: 'warn',
    ...config,
  };
  await writeFile(configFile, JSON.stringify(fields), { mode: 0o600 });
  return {
    directory,
    configFile,
    storeFile,
    endpoints,
    serverKey: server.publicKey,
    keysOf: (id) => pairs.get(id) ?? newKeyPair(),
    async start(env = {}) {
      const program = new RunningProgram('cli/main.js', ['acquisition-broker', configFile], env);
      const ready = await program.line();
      if (ready === undefined) throw new Error(`the broker did not start: ${(await program.end()).stderr}`);
      return program;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
