/** Starts the analysis service: notices and status first, then what works on the store as soon as that is open. */
import { retry } from '../common/backoff.js';
import { type Clock, systemClock } from '../common/clock.js';
import { codeOf } from '../common/errors.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { VERSION } from '../common/version.js';
import { type AnalysisServiceSettings, changedFields } from '../config/index.js';
import { backendKeys, curveClientOptions } from '../daemon/curve-client.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import { BACK_OFF } from '../store/outbox/policy.js';
import type { Store } from '../store/store.js';
import { type Core, startCore } from './core.js';
import { hearEventNotices } from './notices/event-notices.js';
import { openNotices } from './notices/notices.js';
import { type AnalysisServiceStatus, addMetrics, statusOf } from './status.js';

const NAME = 'analysis-service';

export interface AnalysisServiceDeps {
  log: Logger;
  /** opens the store; a database that is unavailable is tried again, and the service runs meanwhile. The service closes it */
  openStore: () => Promise<Store>;
  clock?: Clock;
}

export interface AnalysisService extends Running {
  /** where each socket is open, by the setting that names it */
  readonly endpoints: Readonly<Record<string, string>>;
  status(): AnalysisServiceStatus;
  /** Logs which changed settings take effect at the next start: all of them. */
  reload(settings: AnalysisServiceSettings): Promise<void>;
}

/**
 * Starts the service. Fulfilled once its sockets are open, and the store, if that is available.
 * @throws MakaiError ENDPOINT_IN_USE, those of the keys of `backend_curve`, and what opening the store says other than STORE_UNAVAILABLE
 */
export async function startAnalysisService(
  settings: AnalysisServiceSettings,
  { clock = systemClock, log, openStore }: AnalysisServiceDeps,
): Promise<AnalysisService> {
  const curve = await curveClientOptions(settings.backendCurve);
  const notices = await openNotices(settings.incidentPub, log);
  const metrics = new Metrics(NAME, VERSION);
  let core: Core | undefined;
  let server: StatusServer | undefined;
  addMetrics(metrics, () => core, notices);
  const status = (): AnalysisServiceStatus => statusOf(core, notices, settings.classifies);
  const onStore = async (store: Store): Promise<Running> => {
    core = await startCore({ settings, store, notices, curve, clock, log });
    return core;
  };
  const running = await startAll([
    { name: 'notices', start: async () => notices },
    { name: 'store', start: () => startOnStore({ clock, log, openStore }, onStore) },
    {
      name: 'notices of events',
      start: async () =>
        hearEventNotices(settings.dataEndpoint, curve, { clock, log }, () => core?.finders?.follower.wake()),
    },
    {
      name: 'status server',
      start: async () => {
        const details = () => ({ ...status(), ...backendKeys(curve) });
        server = await startStatusServer({
          ...{ daemon: NAME, version: VERSION, details, metrics, log },
          ...settings.status,
        });
        return server;
      },
    },
  ]);
  return {
    get endpoints() {
      const address = server?.address;
      return { incident_pub: notices.endpoint, ...(address === undefined ? {} : { status: address }) };
    },
    status,
    reload: async (next) => {
      const fields = changedFields(settings.file, next.file);
      if (fields.length > 0) log.warn({ fields }, 'changed settings take effect at the next start');
    },
    stop: () => running.stop(),
  };
}

/** Opens the store and starts what works on it; in the background where the database is unavailable. */
async function startOnStore(
  { clock, log, openStore }: Required<AnalysisServiceDeps>,
  start: (store: Store) => Promise<Running>,
): Promise<Running> {
  const stopping = new AbortController();
  const parts: Running[] = [];
  const open = async (): Promise<void> => {
    const store = await openStore();
    parts.push({ stop: () => store.close() });
    if (!stopping.signal.aborted) parts.push(await start(store));
  };
  const stop = async (): Promise<void> => {
    for (const part of parts.toReversed()) await part.stop();
  };
  let opening: Promise<void> = Promise.resolve();
  try {
    await open();
  } catch (error) {
    if (codeOf(error) !== 'STORE_UNAVAILABLE') {
      await stop();
      throw error;
    }
    log.error({ err: error }, 'the store is unavailable: tried again');
    const options = { ...BACK_OFF, what: 'the store', clock, log, signal: stopping.signal };
    opening = retry(open, { ...options, helps: isUnavailable }).catch((failure: unknown) => {
      if (stopping.signal.aborted) return;
      // Nothing works without it: the supervisor starts the service again.
      throw failure;
    });
  }
  return {
    stop: async () => {
      stopping.abort();
      await opening;
      await stop();
    },
  };
}

const isUnavailable = (error: unknown): boolean => codeOf(error) === 'STORE_UNAVAILABLE';
