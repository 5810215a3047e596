/** Starts the web service: the store and the live streams first, then what serves them. */
import { join } from 'node:path';
import { type Clock, systemClock } from '../common/clock.js';
import { codeOf, MakaiError } from '../common/errors.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { PACKAGE_ROOT } from '../common/package-root.js';
import { Rejections } from '../common/rejections.js';
import { readTlsOf } from '../common/setting-files.js';
import { VERSION } from '../common/version.js';
import { changedFields, type WebServiceSettings } from '../config/index.js';
import { backendKeys, curveClientOptions } from '../daemon/curve-client.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import type { Store } from '../store/store.js';
import { serve } from './serve.js';
import { startServices } from './start-services.js';
import { addMetrics, type StatusParts, statusOf, type WebServiceStatus } from './status.js';

const NAME = 'web-service';

export interface WebServiceDeps {
  log: Logger;
  /** opens the store; a database that is unavailable is tried again, and the service runs meanwhile. The service closes it */
  openStore: () => Promise<Store>;
  /** of `makai up`: where the configurations of the other daemons are; undefined: their default places */
  workingFolder?: string | undefined;
  /** folder of the built page; by default that of the package */
  pageFolder?: string;
  clock?: Clock;
}

export interface WebService extends Running {
  /** `listen`: address of the page; `status`: of the status server */
  readonly endpoints: Readonly<Record<string, string>>;
  status(): WebServiceStatus;
  /** Reads certificate and key of TLS again. Logs which changed settings take effect at the next start. */
  reload(settings: WebServiceSettings): Promise<void>;
}

/**
 * Starts the service. Fulfilled once it listens, and the store is open or being opened.
 * @throws MakaiError ENDPOINT_IN_USE, WEB_ADDRESS_OPEN, SECRET_EXPOSED, CONFIG_UNREADABLE for the files of TLS, those of the keys of `backend_curve`, and what
 *   opening the store says other than STORE_UNAVAILABLE
 */
export async function startWebService(
  settings: WebServiceSettings,
  deps: WebServiceDeps,
): Promise<WebService> {
  const {
    clock = systemClock,
    log,
    openStore,
    pageFolder = join(PACKAGE_ROOT, 'dist/web'),
    workingFolder,
  } = deps;
  const tls = settings.tls && readTlsOf('tls', settings.tls);
  const curve = await curveClientOptions(settings.backendCurve);
  const rejections = new Rejections(log, clock);
  const metrics = new Metrics(NAME, VERSION);
  const {
    running: parts,
    services,
    measurements,
  } = await startServices({
    ...{ settings, openStore, curve, clock, log, workingFolder },
  });
  try {
    await refuseWithoutUsers(services.link.status.available ? services.link.store : undefined, settings);
    const server = await serve({ settings, services, tls, pageFolder, rejections, log });
    const status: StatusParts = {
      services,
      rejections,
      address: () => server.address,
      requests: () => server.requests(),
      measurements: () => measurements.received,
      pageFiles: server.pageFiles,
    };
    addMetrics(metrics, () => status);
    let statusServer: StatusServer | undefined;
    const running = await startAll([
      { name: 'services', start: async () => parts },
      { name: 'http', start: async () => server },
      {
        name: 'status server',
        start: async () => {
          const details = () => ({ ...statusOf(status), ...backendKeys(curve) });
          statusServer = await startStatusServer({
            ...{ daemon: NAME, version: VERSION, details, metrics, log },
            ...settings.status,
          });
          return statusServer;
        },
      },
    ]);
    return {
      get endpoints() {
        const address = statusServer?.address;
        return { listen: server.address, ...(address === undefined ? {} : { status: address }) };
      },
      status: () => statusOf(status),
      reload: async (next) => {
        if (settings.tls !== undefined) server.setTls(readTlsOf('tls', settings.tls));
        const fields = changedFields(settings.file, next.file);
        if (fields.length > 0) log.warn({ fields }, 'changed settings take effect at the next start');
      },
      stop: () => running.stop(),
    };
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

/**
 * On an address that others reach somebody must be able to log in, and nobody else. A store that is unavailable has said nothing: nobody can log in meanwhile.
 * @throws MakaiError WEB_ADDRESS_OPEN
 */
async function refuseWithoutUsers(
  store: Store | undefined,
  { behindProxy, isLoopback, listen }: WebServiceSettings,
): Promise<void> {
  if (store === undefined || (isLoopback && !behindProxy)) return;
  const users = await store.users().catch((error: unknown) => {
    if (codeOf(error) === 'STORE_UNAVAILABLE') return undefined;
    throw error;
  });
  if (users === undefined || users.length > 0) return;
  throw new MakaiError(
    'WEB_ADDRESS_OPEN',
    `${listen.host}:${listen.port} is reached by other machines, and there is no user`,
    {
      hint: 'Add one first: `makai users add <name> --role admin`.',
    },
  );
}
