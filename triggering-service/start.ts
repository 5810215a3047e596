/** Starts the triggering service: sockets around the core, in order, and stops them in reverse. */
import { join } from 'node:path';
import { systemClock, within } from '../common/clock.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { VERSION } from '../common/version.js';
import { changedFields, type TriggeringServiceSettings } from '../config/index.js';
import type { PluginEntry } from '../config/plugins.js';
import { backendKeys, curveClientOptions } from '../daemon/curve-client.js';
import { addDiskMetrics } from '../daemon/disk.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import { startTraffic } from '../daemon/traffic.js';
import type { MeasurementsOut } from '../kafka/measurements-out.js';
import { addKafkaMetrics } from '../kafka/metrics.js';
import { entryCompares } from '../plugin-host/compares.js';
import { addStoreMetrics, spoolStatus } from '../store/outbox/metrics.js';
import type { Store } from '../store/store.js';
import { startSweeper } from '../store/sweeper.js';
import { type CurveClientOptions, openStream } from '../stream/stream-socket.js';
import { boxHealth } from './box-health/all.js';
import type { Comparing } from './comparing/comparing.js';
import { type Core, createCore } from './core.js';
import { startHealthDocuments } from './health-documents.js';
import { startIdsWithCertificate } from './ingest/ids-with-certificate.js';
import type { PartitionedStream } from './ingest/partitioned-stream.js';
import { addMetrics } from './metrics.js';
import { RequestQueue } from './requests/request-queue.js';
import { statusOf, type TriggeringServiceStatus } from './status.js';

const NAME = 'triggering-service';
/** Event requests that may wait for the acquisition broker, and their bytes. */
const REQUEST_LIMIT = 20_000;
const REQUEST_LIMIT_BYTES = 64 * 1024 * 1024;
/** How long the start waits for thresholds and locations. */
const SITE_MS = 2000;
const SWEEP_MS = 60_000;

/** A part that the settings leave out. */
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
  /** Applies the plugins of new settings; other changes are named in the log and need a restart. */
  reload(settings: TriggeringServiceSettings): Promise<void>;
}

/**
 * Starts the service. Fulfilled once it is subscribed; plugins start in parallel, and one that cannot be started delays nothing else.
 * @throws MakaiError for keys of `backend_curve`, and ENDPOINT_IN_USE for a status server that the configuration names
 */
export async function startTriggeringService(
  settings: TriggeringServiceSettings,
  { log, store }: TriggeringServiceDeps,
): Promise<TriggeringService> {
  const curve = await curveClientOptions(settings.backendCurve);
  const metrics = new Metrics(NAME, VERSION);
  const idsWithCertificate = await startIdsWithCertificate(settings, store, log);
  const partitions = await partitionsOf(settings, log);
  const kafka = await kafkaOf(settings, log);
  const core = createCore({
    partitions,
    kafka,
    settings,
    store,
    log,
    idsWithCertificate,
    send: (request) => queue.push(request),
  });
  const comparing = await comparingOf(core, settings, store, log);
  const queue: RequestQueue = new RequestQueue({
    endpoint: settings.acquisitionEndpoint,
    curve,
    limit: REQUEST_LIMIT,
    limitBytes: REQUEST_LIMIT_BYTES,
    pace: { burst: settings.limits.requestsBurst, perSecond: settings.limits.requestsPerSecond },
    log,
    onDropped: (request) => core.requests.dropped(request),
  });
  addMetrics(metrics, core, queue, partitions);
  addKafkaMetrics(metrics, () => kafka?.status());
  addDiskMetrics(metrics, settings);
  addStoreMetrics(metrics, store, core.outbox);
  const status = (): TriggeringServiceStatus => statusOf(core, queue, settings.identity, partitions);
  let server: StatusServer | undefined;
  const daemon = await startAll([
    { name: 'ids with certificate', start: async () => idsWithCertificate ?? NOTHING },
    { name: 'event requests', start: async () => queue },
    { name: 'requests that wait for those of other boxes', start: async () => core.requests },
    // Stopped after all that writes.
    { name: 'queue for Kafka', start: async () => kafka ?? NOTHING },
    { name: 'outbox', start: async () => core.outbox },
    { name: 'findings of boxes', start: async () => core.boxFindings },
    { name: 'trends', start: async () => core.trends },
    { name: 'measurements', start: async () => core.writer },
    { name: 'traffic', start: async () => traffic(core, settings, log) },
    { name: 'expiry', start: async () => startSweeper(store, log) },
    { name: 'health', start: async () => startHealth(core, settings, log) },
    { name: 'thresholds', start: () => startSiteWatch(core) },
    { name: 'results of plugins', start: async () => core.pluginData },
    { name: 'plugins', start: () => startPlugins(core, comparing, settings) },
    { name: 'housekeeping', start: async () => startHousekeeping(core) },
    {
      name: 'status server',
      start: async () => {
        server = await startStatusServer({
          daemon: NAME,
          version: VERSION,
          ...settings.status,
          details: () => ({
            ...status(),
            ...(kafka === undefined ? {} : { kafka: kafka.status() }),
            ...spoolStatus(store),
            ...backendKeys(curve),
          }),
          boxHealth: async (boxId) => boxHealth(core, boxId),
          metrics,
          log,
        });
        return server;
      },
    },
    { name: 'stream', start: () => startStream(core, settings, curve, log, partitions, comparing) },
  ]);
  // Of boxes that come from NATS when they do.
  if (partitions === undefined) void core.trends.recover();
  return {
    get endpoints() {
      const address = server?.address;
      return address === undefined ? {} : { status: address };
    },
    status,
    reload: async (next) => {
      const fixed = changedFields(settings.file, next.file).filter((field) => field !== 'plugins');
      if (fixed.length > 0)
        log.warn({ fields: fixed }, 'these changes need a restart of the triggering service');
      await core.siteWatch.refresh();
      await loadPlugins(core, comparing, next.plugins);
    },
    stop: () => daemon.stop(),
  };
}

/** Plugins should find thresholds when they start, but a store that is unavailable must not keep the service from starting. */
async function startSiteWatch({ siteWatch }: Core): Promise<Running> {
  await within(siteWatch.start(), SITE_MS, systemClock);
  return siteWatch;
}

async function startPlugins(
  core: Core,
  comparing: Comparing | undefined,
  settings: TriggeringServiceSettings,
): Promise<Running> {
  await loadPlugins(core, comparing, settings.plugins);
  return core.plugins;
}

/** Those that compare boxes run in one of several services. */
async function loadPlugins(
  { plugins }: Core,
  comparing: Comparing | undefined,
  entries: readonly PluginEntry[],
): Promise<void> {
  if (comparing === undefined) {
    await plugins.load(entries);
    return;
  }
  await plugins.load(entries.filter((entry) => !entryCompares(entry)));
  await comparing.load(entries.filter(entryCompares));
}

/** As the v3 triggering broker did (`tb`). Ours forwards the frames inside libzmq and counts nothing, so the stream's traffic is counted here. */
function traffic({ intake, outbox }: Core, settings: TriggeringServiceSettings, log: Logger): Running {
  return startTraffic({
    totals: () => ({ bytes: intake.totals.bytes }),
    document: ({ bytes }) => ({ name: 'tb', bytes }),
    intervalSeconds: settings.trafficSeconds,
    outbox,
    clock: systemClock,
    log,
  });
}

function startHealth({ intake, outbox }: Core, settings: TriggeringServiceSettings, log: Logger): Running {
  if (!settings.healthDocuments) return NOTHING;
  return startHealthDocuments(outbox, () => intake.boxes.totals(), log);
}

function startHousekeeping({ requests }: Core): Running {
  const timer = setInterval(() => requests.sweep(), SWEEP_MS);
  timer.unref();
  return { stop: async () => clearInterval(timer) };
}

/** Stopped first: what was received goes to all parts while they still run. */
async function startStream(
  { intake, trends, writer }: Core,
  settings: TriggeringServiceSettings,
  curve: CurveClientOptions | undefined,
  log: Logger,
  partitions: PartitionedStream | undefined,
  comparing: Comparing | undefined,
): Promise<Running> {
  if (partitions !== undefined) {
    partitions.start({ intake, trends, writer, comparing });
    return partitions;
  }
  const stream = openStream({
    endpoints: settings.triggerEndpoints,
    curve,
    log,
    receiver: intake,
  });
  return {
    stop: async () => {
      await stream.stop();
      intake.finish();
    },
  };
}

/** Nothing of NATS is loaded without its setting. */
async function partitionsOf(
  { identity, limits, nats }: TriggeringServiceSettings,
  log: Logger,
): Promise<PartitionedStream | undefined> {
  if (nats === undefined) return undefined;
  const { PartitionedStream } = await import('./ingest/partitioned-stream.js');
  return new PartitionedStream({
    servers: nats,
    member: identity,
    maxUnsettled: limits.queueMeasurements,
    log,
  });
}

/** The same. */
async function comparingOf(
  core: Core,
  settings: TriggeringServiceSettings,
  store: Store,
  log: Logger,
): Promise<Comparing | undefined> {
  if (settings.nats === undefined) return undefined;
  const { createComparing } = await import('./comparing/create.js');
  return createComparing(core, settings, store, log);
}

/** Nothing for Kafka is loaded without its setting. */
async function kafkaOf(
  { kafka }: TriggeringServiceSettings,
  log: Logger,
): Promise<MeasurementsOut | undefined> {
  if (kafka === undefined) return undefined;
  const { MeasurementsOut } = await import('../kafka/measurements-out.js');
  return new MeasurementsOut({
    servers: kafka,
    clientId: `makai-${NAME}`,
    file: join(kafka.queue.path, `${NAME}-kafka.db`),
    maxBytes: kafka.queue.maxBytes,
    clock: systemClock,
    log,
  });
}
