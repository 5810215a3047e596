/** Who may connect, by configuration: boxes, and services where the backend is under CURVE. */
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { AcquisitionBrokerSettings } from '../config/index.js';
import { type Access, openAccess, openBackendAccess } from '../keys/access.js';
import { type KeyReader, storedBoxKeys } from '../store/box-keys.js';

const NAME = 'acquisition-broker';

export interface BrokerAccess extends Running {
  boxes: Access;
  /** undefined: the backend is plain */
  services: Access | undefined;
}

/** @throws MakaiError for keys that cannot be read, or where nothing says who may enter */
export async function openBrokerAccess(
  settings: AcquisitionBrokerSettings,
  store: KeyReader,
  log: Logger,
): Promise<BrokerAccess> {
  const boxes = await openAccess({
    name: NAME,
    serverKey: settings.serverKey,
    nextServerKeyFile: settings.serverCertNext,
    allow: settings.allow,
    boxKeys: () => storedBoxKeys(store),
    log,
  });
  try {
    const services = await openBackendAccess(NAME, settings.backendCurve, log);
    return {
      boxes,
      services,
      stop: async () => {
        await services?.stop();
        await boxes.stop();
      },
    };
  } catch (error) {
    await boxes.stop();
    throw error;
  }
}
