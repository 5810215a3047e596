/** The working folder of `makai up`: keys, the three configuration files, logs, the embedded store. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { codeOf } from '../../common/errors.js';
import type { Kind } from '../../config/index.js';
import { writePublicCertificate, writeSecretCertificate } from '../../keys/files.js';
import { newKeyPair } from '../../keys/key.js';
import { type KeyLayout, keyLayout } from '../../keys/layout.js';

export interface Workspace {
  directory: string;
  logs: string;
  keys: KeyLayout;
  keyDirectory: string;
  /** `sqlite:<file>` */
  storeUrl: string;
  configs: Record<Kind, string>;
  endpoints: {
    measurements: string;
    commands: string;
    replies: string;
    backend: string;
    notices: string;
    firstWaveform: string;
  };
}

/** File name of the embedded store in a working folder; `--dir` of other commands finds it here. */
export const STORE_FILE = 'makai.db';

/**
 * Creates the folder. Keys and store of an earlier run are kept and used again. Ports are free ports on loopback.
 * @param boxIds boxes that get a key pair
 * @throws MakaiError KEY_FILE_IO and system errors where the folder cannot be written
 */
export async function prepareWorkspace(directory: string, boxIds: readonly string[]): Promise<Workspace> {
  const logs = join(directory, 'log');
  const keyDirectory = join(directory, 'curve');
  await mkdir(logs, { recursive: true });
  const keys = keyLayout(keyDirectory);
  await makeKeys(keys, boxIds);
  const ports = await freePorts(10);
  const at = (index: number): string => `tcp://127.0.0.1:${ports[index]}`;
  const storeUrl = `sqlite:${join(directory, STORE_FILE)}`;
  const entry = { client_certs: keys.publicDirectory, server_cert: keys.serverSecret };
  const status = (index: number): string => `127.0.0.1:${ports[index]}`;
  const files: Record<Kind, object> = {
    'triggering-broker': { ...entry, interface: at(0), backend: at(1), status: status(7) },
    'acquisition-broker': {
      ...entry,
      box_pub: at(2),
      box_pull: at(3),
      backend_pull: at(4),
      backend_pub: at(5),
      zmq_event_endpoint: at(6),
      zmq_event_id_endpoint: 'tcp://127.0.0.1:*',
      store: storeUrl,
      status: status(8),
    },
    'triggering-service': {
      zmq_trigger_endpoint: at(1),
      zmq_acquisition_endpoint: at(4),
      client_certs: keys.publicDirectory,
      store: storeUrl,
      status: status(9),
      plugins: [
        {
          path: 'threshold',
          voltage_threshold_percent_low: 0.05,
          voltage_threshold_percent_high: 0.05,
          frequency_threshold_percent_low: 0.005,
          frequency_threshold_percent_high: 0.005,
          thd_threshold_high: 0.08,
        },
        { path: 'outage' },
      ],
    },
  };
  const configs: Record<Kind, string> = {
    'triggering-broker': join(directory, 'triggering_broker.json'),
    'acquisition-broker': join(directory, 'acquisition_broker_config.json'),
    'triggering-service': join(directory, 'makai.conf'),
  };
  for (const kind of Object.keys(files) as Kind[])
    await writeFile(configs[kind], `${JSON.stringify(files[kind], null, 2)}\n`, { mode: 0o600 });
  const endpoints = {
    measurements: at(0),
    commands: at(2),
    replies: at(3),
    backend: at(1),
    notices: at(5),
    firstWaveform: at(6),
  };
  return { directory, logs, keys, keyDirectory, storeUrl, configs, endpoints };
}

/** A key pair for the server and for each box, unless it exists already. */
async function makeKeys(keys: KeyLayout, boxIds: readonly string[]): Promise<void> {
  const pairs = [
    { boxId: undefined, secret: keys.serverSecret, open: keys.serverPublic },
    ...boxIds.map((boxId) => ({ boxId, secret: keys.boxSecret(boxId), open: keys.boxPublic(boxId) })),
  ];
  for (const { boxId, secret, open } of pairs) {
    const pair = newKeyPair();
    try {
      await writeSecretCertificate(secret, { boxId, ...pair });
    } catch (error) {
      if (codeOf(error) === 'KEY_FILE_IO' && (await exists(secret))) continue;
      throw error;
    }
    await writePublicCertificate(open, { boxId, publicKey: pair.publicKey }, { replace: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Ports that are free on loopback now. All are held open until the last one is found, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    return await Promise.all(
      servers.map(
        (server) =>
          new Promise<number>((resolve, reject) => {
            server.once('error', reject);
            server.listen(0, '127.0.0.1', () => {
              const address = server.address();
              resolve(typeof address === 'object' && address !== null ? address.port : 0);
            });
          }),
      ),
    );
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}
