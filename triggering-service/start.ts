/** Starts the triggering service: sockets around the core, in order, and stops them in reverse. */
import { type MakaiError, messageOf } from '../common/errors.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { VERSION } from '../common/version.js';
import {
  changedFields,
  isNamed,
  parseStatusEndpoint,
  type TriggeringServiceConfig,
} from '../config/index.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import { readPublicCertificate, readSecretCertificate } from '../keys/files.js';
import { measuredStore, spoolStatus } from '../store/measured.js';
import type { Store } from '../store/store.js';
import { startSweeper } from '../store/sweeper.js';
import { type CurveClientOptions, openStream } from '../stream/stream-socket.js';
import { type Core, createCore } from './core.js';
import { startHealthDocuments } from './health-documents.js';
import { startCertifiedIds } from './ingest/certified-ids.js';
import { addMetrics } from './metrics.js';
import { RequestQueue } from './requests/request-queue.js';
import { statusOf, type TriggeringServiceStatus } from './status.js';
import { startTraffic } from './traffic.js';
import { IntakeWorkers } from './workers/intake-workers.js';

const NAME = 'triggering-service';
/** Event requests that may wait for the acquisition broker, and their bytes. */
const REQUEST_LIMIT = 20_000;
const REQUEST_LIMIT_BYTES = 64 * 1024 * 1024;
/** How long the start waits for thresholds and locations. */
const SITE_MS = 2000;
const SWEEP_MS = 60_000;

/** A part that the configuration leaves out. */
const NOTHING: Running = { stop: () => Promise.resolve() };

export interface TriggeringServiceDeps {
  log: Logger;
  /** open for as long as the service runs; not closed by it */
  store: Store;
  /** told when the service has ended by itself, and why; left out: thrown, which ends the process */
  died?: (error: MakaiError) => void;
  /** of workers, for tests: how long they hear everything first, how often is looked for new boxes, ms */
  listenMs?: number;
  scoutEveryMs?: number;
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
  { log, store: plainStore, died = rethrow, listenMs, scoutEveryMs }: TriggeringServiceDeps,
): Promise<TriggeringService> {
  const curve = await curveOptions(config);
  const metrics = new Metrics(NAME, VERSION);
  const store = measuredStore(plainStore, metrics);
  const certified = await startCertifiedIds(config, store, log);
  let ending = false;
  const core = createCore({
    config,
    curve,
    store,
    log,
    certified,
    send: (request) => queue.push(request),
    workerDied: (error) => {
      if (ending) return;
      ending = true;
      log.fatal({ code: error.code, detail: error.message }, 'a worker ended, so the service ends');
      // What the others have is written first.
      void starting
        .then((running) => running.stop())
        .catch((failure: unknown) => log.error({ detail: messageOf(failure) }, 'it did not stop cleanly'))
        .finally(() => died(error));
    },
    listenMs,
    scoutEveryMs,
  });
  const queue: RequestQueue = new RequestQueue({
    endpoint: config.zmq_acquisition_endpoint,
    curve,
    limit: REQUEST_LIMIT,
    limitBytes: REQUEST_LIMIT_BYTES,
    pace: { burst: config.limits.requests_burst, perSecond: config.limits.requests_per_second },
    log,
    onDropped: (request) => core.requests.dropped(request),
  });
  addMetrics(metrics, core, queue);
  const status = (): TriggeringServiceStatus => statusOf(core, queue, config.identity);
  let server: StatusServer | undefined;
  const starting = startAll([
    { name: 'certified ids', start: async () => certified ?? NOTHING },
    { name: 'event requests', start: async () => queue },
    { name: 'trends', start: async () => core.trends },
    { name: 'measurements', start: async () => core.writer },
    {
      name: 'traffic',
      start: async () => startTraffic(store, config.metric_update_sec, () => core.stream.totals.bytes, log),
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
    { name: 'stream', start: () => startStream(core, config, curve, log) },
  ]);
  const daemon = await starting;
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

function startHealth({ stream }: Core, config: TriggeringServiceConfig, store: Store, log: Logger): Running {
  if (!config.health_documents) return NOTHING;
  return startHealthDocuments(store, () => stream.boxes(), log);
}

function startHousekeeping({ requests }: Core): Running {
  const timer = setInterval(() => requests.sweep(), SWEEP_MS);
  timer.unref();
  return { stop: async () => clearInterval(timer) };
}

/** Stopped first: what came in goes to all parts while they still run. */
async function startStream(
  { intake }: Core,
  config: TriggeringServiceConfig,
  curve: CurveClientOptions | undefined,
  log: Logger,
): Promise<Running> {
  if (intake instanceof IntakeWorkers) {
    await intake.start();
    return intake;
  }
  const local = intake;
  const stream = openStream({
    endpoint: config.zmq_trigger_endpoint,
    curve,
    log,
    onMessage: (parts) => local.ingest.take(parts),
  });
  return {
    stop: async () => {
      await stream.stop();
      local.handOver();
    },
  };
}

/** Out of any promise, so that nothing but the end of the process catches it. */
function rethrow(error: MakaiError): void {
  setImmediate(() => {
    throw error;
  });
}
