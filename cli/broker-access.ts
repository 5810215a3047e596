/** How a command on the broker's machine reaches the acquisition broker: its configuration, its sockets and its store. */
import type { Command } from 'commander';
import type { AcquisitionBrokerSettings } from '../config/index.js';
import type { EventClientOptions } from '../daemon/event-client.js';
import type { Store } from '../store/store.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { UsageError } from './errors.js';

export interface BrokerChoice {
  config?: string;
  dir?: string;
  clientKey?: string;
}

export interface BrokerAccess {
  settings: AcquisitionBrokerSettings;
  store: Store;
  client: Pick<EventClientOptions, 'requests' | 'notices' | 'curve'>;
}

/** Adds `--config`, `--dir` and `--client-key`. */
export function withBrokerOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file of the acquisition broker, in place of the default one')
    .option('--dir <folder>', 'the working folder of `makai up`')
    .option('--client-key <file>', 'key pair of this client, where the backend is under CURVE');
}

/**
 * Opens the broker's store to read, and closes it when `use` has ended, also after an error.
 * @throws UsageError without a key where the broker wants one; MakaiError as `loadConfig`, `openStoreToRead`, KEY_FILE_IO, KEY_INVALID; what `use` throws
 */
export async function useBroker<T>(
  { clientKey, config, dir }: BrokerChoice,
  use: (broker: BrokerAccess) => Promise<T>,
): Promise<T> {
  const [{ loadConfig }, { configFileIn }, { openStoreToRead }, { reachableHere }] = await Promise.all([
    import('../config/index.js'),
    import('../config/locate.js'),
    import('../daemon/store.js'),
    import('../zmq/addresses.js'),
  ]);
  const file = dir === undefined ? config : configFileIn(dir, 'acquisition-broker');
  const { settings } = loadConfig('acquisition-broker', file);
  const client = {
    requests: reachableHere(settings.backendPull),
    notices: reachableHere(settings.backendPub),
    curve: await curveOf(settings, clientKey),
  };
  const store = await openStoreToRead(settings);
  try {
    return await use({ settings, store, client });
  } finally {
    await store.close();
  }
}

/** Keys for the broker's sockets for services; undefined where they are plain. */
async function curveOf(
  { backendCurve: backend }: AcquisitionBrokerSettings,
  clientKey: string | undefined,
): Promise<CurveClientOptions | undefined> {
  if (backend === undefined) return undefined;
  if (clientKey === undefined) throw new UsageError('the backend is under CURVE: --client-key is needed');
  const { readSecretCertificate } = await import('../keys/files.js');
  const [server, client] = await Promise.all([
    readSecretCertificate(backend.serverCert),
    readSecretCertificate(clientKey),
  ]);
  return {
    curveServerKey: server.publicKey,
    curvePublicKey: client.publicKey,
    curveSecretKey: client.secretKey.reveal(),
  };
}
