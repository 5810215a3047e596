/** Starts the triggering service: sockets around the core, in order, and stops them in reverse. */
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics, type StatusServer, startStatusServer } from '../common/status/index.js';
import { VERSION } from '../common/version.js';
import {
  changedFields,
  isNamed,
  parseStatusEndpoint,
  type TriggeringServiceConfig,
} from '../config/index.js';
import { readPublicCertificate, readSecretCertificate } from '../keys/files.js';
import { measuredStore, spoolStatus } from '../store/measured.js';
import type { Store } from '../store/store.js';
import { startSweeper } from '../store/sweeper.js';
import { type Core, createCore } from './core.js';
import { startHealthDocuments } from './health-documents.js';
import { startCertifiedIds } from './ingest/certified-ids.js';
import { type CurveClientOptions, openStream } from './ingest/stream-socket.js';
import { addMetrics } from './metrics.js';
import { RequestQueue } from './requests/request-queue.js';
import { statusOf, type TriggeringServiceStatus } from './status.js';
import { startTraffic } from './traffic.js';

const NAME = 'triggering-service';
/** Event requests that may wait for the acquisition broker. */
const REQUEST_LIMIT = 20_000;
/** How long the start waits for thresholds and locations. */
const SITE_MS = 2000;
const SWEEP_MS = 60_000;
/** A box silent for so long is forgotten; its next measurement makes it known again. */
const FORGET_MS = 24 * 3_600_000;

/** A part that the configuration leaves out. */
const NOTHING: Running = { stop: () => Promise.resolve() };

export interface TriggeringServiceDeps {
  log: Logger;
  /** open for as long as the service runs; not closed by it */
  store: Store;
}

export interface TriggeringService extends Running {
  /** `status`: where the status server listens */
  readonly endpoints: Readonly<Record<string, string>>;
  status(): TriggeringServiceStatus;
  /** Takes over the plugins of a new configuration; what else has changed is named in the log and needs a restart. */
  reload(config: TriggeringServiceConfig): Promise<void>;
}

/**
 * Starts the service. Fulfilled once it listens; plugins start beside it, and one that cannot be started keeps nothing else back.
 * @throws MakaiError for keys of `backend_curve`, and ENDPOINT_IN_USE for a status server that the configuration names
 */
export async function startTriggeringService(
  config: TriggeringServiceConfig,
  { log, store: plainStore }: TriggeringServiceDeps,
): Promise<TriggeringService> {
  const curve = await curveOptions(config);
  const metrics = new Metrics(NAME, VERSION);
  const store = measuredStore(plainStore, metrics);
  const certified = await startCertifiedIds(config, store, log);
  const core = createCore({ config, store, log, certified, send: (request) => queue.push(request) });
  const queue: RequestQueue = new RequestQueue({
    endpoint: config.zmq_acquisition_endpoint,
    curve,
    limit: REQUEST_LIMIT,
    log,
    onDropped: (request) => core.requests.dropped(request),
  });
  addMetrics(metrics, core, queue);
  const status = (): TriggeringServiceStatus => statusOf(core, queue, config.identity);
  let server: StatusServer | undefined;
  const daemon = await startAll([
    { name: 'certified ids', start: async () => certified ?? NOTHING },
    { name: 'event requests', start: async () => queue },
    { name: 'trends', start: async () => core.trends },
    { name: 'measurements', start: async () => core.writer },
    {
      name: 'traffic',
      start: async () => startTraffic(store, config.metric_update_sec, () => core.ingest.totals.bytes, log),
    },
    { name: 'expiry', start: async () => startSweeper(store, log) },
    { name: 'health', start: async () => startHealth(core, config, store, log) },
    { name: 'thresholds', start: () => started(core.siteWatch) },
    { name: 'plugins', start: () => startPlugins(core, config) },
    { name: 'housekeeping', start: async () => startHousekeeping(core) },
    {
      name: 'status server',
      start: async () => {
        server = await startStatusServer({
          daemon: NAME,
          version: VERSION,
          address: parseStatusEndpoint(config.status),
          named: isNamed(config, 'status'),
          maxConnections: config.limits.status_connections,
          details: () => ({ ...status(), ...spoolStatus(plainStore) }),
          metrics,
          log,
        });
        return server;
      },
    },
    { name: 'stream', start: async () => startStream(core, config, curve, log) },
  ]);
  void core.trends.recover();
  let present = config;
  return {
    get endpoints() {
      const address = server?.address;
      return address === undefined ? {} : { status: address };
    },
    status,
    reload: async (next) => {
      const fixed = changedFields(present, next).filter((field) => field !== 'plugins');
      if (fixed.length > 0)
        log.warn({ fields: fixed }, 'these changes need a restart of the triggering service');
      present = { ...present, plugins: next.plugins };
      await core.siteWatch.refresh();
      await core.plugins.load(next.plugins);
    },
    stop: () => daemon.stop(),
  };
}

/** Keys for connecting to the brokers, when the configuration puts the backend under CURVE. */
export async function curveOptions({
  backend_curve: files,
}: TriggeringServiceConfig): Promise<CurveClientOptions | undefined> {
  if (files === undefined) return undefined;
  const [server, own] = await Promise.all([
    readPublicCertificate(files.server_key),
    readSecretCertificate(files.cert),
  ]);
  return {
    curveServerKey: server.publicKey,
    curvePublicKey: own.publicKey,
    curveSecretKey: own.secretKey.reveal(),
  };
}

/** Plugins should find thresholds when they start, but a store that does not answer must not keep the service from listening. */
async function started(siteWatch: Core['siteWatch']): Promise<Running> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SITE_MS);
  });
  await Promise.race([siteWatch.start(), late]);
  clearTimeout(timer);
  return siteWatch;
}

async function startPlugins({ plugins }: Core, config: TriggeringServiceConfig): Promise<Running> {
  await plugins.load(config.plugins);
  return plugins;
}

function startHealth({ boxes }: Core, config: TriggeringServiceConfig, store: Store, log: Logger): Running {
  if (!config.health_documents) return NOTHING;
  return startHealthDocuments(store, () => boxes.totals(), log);
}

function startHousekeeping({ boxes, requests, trends }: Core): Running {
  const timer = setInterval(() => {
    requests.sweep();
    boxes.forget(Date.now() - FORGET_MS, (slot) => trends.forget(slot));
  }, SWEEP_MS);
  timer.unref();
  return { stop: async () => clearInterval(timer) };
}

/** Stopped first: what came in goes to all parts while they still run. */
function startStream(
  { ingest }: Core,
  config: TriggeringServiceConfig,
  curve: CurveClientOptions | undefined,
  log: Logger,
): Running {
  const stream = openStream({
    endpoint: config.zmq_trigger_endpoint,
    curve,
    log,
    onMessage: (parts) => ingest.take(parts),
  });
  return {
    stop: async () => {
      await stream.stop();
      ingest.stop();
    },
  };
}
