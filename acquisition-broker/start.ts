/** Starts the acquisition broker: sockets around the core, in order, and stops them in reverse. */

import { type Clock, systemClock } from '../common/clock.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { MAX_REQUEST_BYTES } from '../common/request-limits.js';
import { VERSION } from '../common/version.js';
import { type AcquisitionBrokerSettings, changedFields } from '../config/index.js';
import { addDiskMetrics } from '../daemon/disk.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import { startTraffic } from '../daemon/traffic.js';
import type { Access } from '../keys/access.js';
import { Disconnector } from '../keys/disconnector.js';
import { WrongKeyPeers } from '../keys/wrong-key-peers.js';
import { addStoreMetrics, spoolStatus } from '../store/outbox/metrics.js';
import { startSchemaCopies } from '../store/schema-copies.js';
import { addSizeMetrics, SizeLimit } from '../store/size-limit.js';
import type { Store } from '../store/store.js';
import { startSweeper } from '../store/sweeper.js';
import { type Place, reopen } from '../zmq/bind.js';
import type { IoThreads } from '../zmq/io-threads.js';
import { type BrokerAccess, openBrokerAccess } from './access.js';
import { type AcquisitionBoxHealth, boxHealth } from './box-health.js';
import type { Cluster } from './cluster/cluster.js';
import { type Core, createCore } from './core.js';
import { addMetrics } from './metrics.js';
import { drain, resume, stopTimers } from './phases.js';
import { BackendSockets } from './sockets/backend-sockets.js';
import { BoxSockets } from './sockets/box-sockets.js';
import { type AcquisitionStatus, statusOf } from './status.js';

const NAME = 'acquisition-broker';
/** A part that the settings leave out. */
const NOTHING: Running = { stop: () => Promise.resolve() };
/** Settings of v3 that v2 files do not have. */
const V3_ENDPOINTS = ['zmq_event_endpoint', 'zmq_event_id_endpoint'] as const;

export interface AcquisitionBrokerDeps {
  log: Logger;
  /** open for as long as the broker runs; not closed by it */
  store: Store;
  clock?: Clock;
  /** of `assignIoThreads`; without it each connection goes to any thread */
  ioThreads?: IoThreads;
  /** how long notices wait for subscribers after the sockets are opened, ms */
  noticesHoldMs?: number;
}

/** As long as the triggering broker waits: services of ours reconnect within 100 ms, others within 200 ms. */
const NOTICES_HOLD_MS = 1000;

export interface AcquisitionBroker extends Running {
  /** where each socket is open, by the name of the setting */
  readonly endpoints: Readonly<Record<string, string>>;
  status(): AcquisitionStatus;
  /** Logs which changed settings take effect at the next start: all of them. Keys of boxes are watched and need no reload. */
  reload(settings: AcquisitionBrokerSettings): Promise<void>;
}

/**
 * Starts the broker. Fulfilled once all sockets are open and requests that were open before are asked again.
 * @throws MakaiError for keys and the store, and ENDPOINT_IN_USE
 */
export async function startAcquisitionBroker(
  settings: AcquisitionBrokerSettings,
  { clock = systemClock, ioThreads, log, noticesHoldMs = NOTICES_HOLD_MS, store }: AcquisitionBrokerDeps,
): Promise<AcquisitionBroker> {
  const metrics = new Metrics(NAME, VERSION);
  const access = await openBrokerAccess(settings, store, log);
  const base = { settings, clock, log };
  const cluster = await clusterOf(base);
  const core = createCore({
    ...{ clock, cluster },
    certificates: access.boxes,
    identity: settings.identity,
    log,
    settings,
    store,
  });
  const boxes = boxSockets(base, ioThreads, core, access.boxes);
  const backend = backendSockets(base, core, access.services, noticesHoldMs);
  const wrongKeys = new WrongKeyPeers({
    ...{ sockets: Object.values(boxes.connections), endpoints: () => Object.values(boxes.endpoints) },
    ...{ gate: access.boxes.gate, log },
  });
  addMetrics(metrics, core, access.boxes, Object.values(boxes.connections));
  metrics.gauge('makai_wrong_server_key_addresses', () => wrongKeys.recent);
  addStoreMetrics(metrics, store, core.outbox);
  addDiskMetrics(metrics, settings);
  const { storeMaxBytes: maxBytes } = settings;
  const limit = { store, clock, log, outbox: core.outbox };
  const sizeLimit = maxBytes === undefined ? undefined : new SizeLimit({ ...limit, maxBytes });
  addSizeMetrics(metrics, () => sizeLimit?.status());
  const parts = {
    core,
    identity: settings.identity,
    access,
    wrongKeys,
    boxes: boxes.connections,
    backend: backend.connections,
  };
  const status = (): AcquisitionStatus => ({
    ...statusOf(parts),
    ...(sizeLimit && { store_size: sizeLimit.status() }),
  });
  let server: StatusServer | undefined;
  const daemon = await startAll([
    { name: 'access', start: async () => access },
    { name: 'timers', start: async () => ({ stop: () => stopTimers(core) }) },
    { name: 'outbox', start: async () => core.outbox },
    { name: 'findings of boxes', start: async () => core.boxFindings },
    { name: 'traffic', start: async () => traffic(base, core) },
    { name: 'expiry', start: async () => startSweeper(store, log, { clock }) },
    { name: 'size of the store', start: async () => sizeLimit?.start() ?? NOTHING },
    { name: 'copies of older schemas', start: async () => startSchemaCopies(settings, { clock, log }) },
    { name: 'open requests', start: () => resume(core, store, clock, log) },
    { name: 'sockets of the boxes', start: () => opened(boxes) },
    { name: 'sockets of the services', start: () => opened(backend) },
    { name: 'other brokers', start: async () => cluster?.start() ?? NOTHING },
    { name: 'revocation', start: async () => disconnector(base, access, boxes, backend) },
    {
      name: 'status server',
      start: async () => {
        const details = () => ({ ...status(), ...spoolStatus(store) });
        const health = (boxId?: number) =>
          boxHealth(core, access.boxes, Object.values(boxes.endpoints), boxId);
        server = await serveStatus(base, metrics, details, health);
        return server;
      },
    },
    // Stopped first: nothing more comes in, and what came is dealt with while all sockets are open.
    { name: 'intake', start: async () => ({ stop: () => drain(core, boxes, backend, clock) }) },
  ]);
  return {
    get endpoints() {
      const address = server?.address;
      return { ...boxes.endpoints, ...backend.endpoints, ...(address && { status: address }) };
    },
    status,
    reload: async (next) => {
      const fields = changedFields(settings.file, next.file);
      if (fields.length > 0) log.warn({ fields }, 'changed settings take effect at the next start');
    },
    stop: () => daemon.stop(),
  };
}

type Base = { settings: AcquisitionBrokerSettings; clock: Clock; log: Logger };

/** Nothing of NATS is loaded without its setting. */
async function clusterOf({ clock, log, settings }: Base): Promise<Cluster | undefined> {
  const { identity: name, limits, nats } = settings;
  if (nats === undefined) return undefined;
  const { Cluster } = await import('./cluster/cluster.js');
  return new Cluster({
    ...{ clock, name, nats },
    limitBytes: limits.repliesBytes,
    log: log.child({ part: 'other brokers' }),
  });
}

/** As the v3 broker did. */
function traffic({ clock, log, settings }: Base, { outbox, traffic: totals }: Core): Running {
  return startTraffic({
    totals: () => totals,
    document: (bytes) => ({ name: 'ab', ...bytes }),
    intervalSeconds: settings.trafficSeconds,
    ...{ outbox, clock, log },
  });
}

function serveStatus(
  { settings, log }: Base,
  metrics: Metrics,
  details: () => Record<string, unknown>,
  boxHealth: (boxId?: number) => Promise<AcquisitionBoxHealth[]>,
) {
  return startStatusServer({
    daemon: NAME,
    version: VERSION,
    ...settings.status,
    details,
    boxHealth,
    metrics,
    log,
  });
}

function boxSockets(
  { clock, log, settings }: Base,
  ioThreads: IoThreads | undefined,
  core: Core,
  { curve, nextCurve }: Access,
): BoxSockets {
  const places = (field: 'box_pub' | 'box_pull', endpoint: string, next: string | undefined): Place[] => {
    const present: Place = { field, endpoint, curve };
    if (next === undefined) return [present];
    return [present, { field: `${field}_next`, endpoint: next, curve: nextCurve }];
  };
  return new BoxSockets({
    clock,
    ioThreads,
    log,
    boxQueue: core.boxQueue,
    publish: places('box_pub', settings.boxPub, settings.boxPubNext),
    pull: places('box_pull', settings.boxPull, settings.boxPullNext),
    frameBytes: settings.limits.messageBytes,
    subscription: core.subscription,
    reply: core.reply,
    capacity: core.capacity,
    disconnected: () => {
      core.boxes.disconnected();
      core.cluster?.boxesChanged();
    },
  });
}

function backendSockets(
  { clock, log, settings }: Base,
  core: Core,
  services: Access | undefined,
  noticesHoldMs: number,
): BackendSockets {
  return new BackendSockets({
    clock,
    log,
    rejections: core.rejections,
    endpoints: {
      backend_pull: settings.backendPull,
      backend_pub: settings.backendPub,
      zmq_event_endpoint: settings.eventEndpoint,
      zmq_event_id_endpoint: settings.eventIdEndpoint,
    },
    optional: new Set(V3_ENDPOINTS.filter((field) => !settings.file.named.has(field))),
    curve: services?.curve,
    frameBytes: MAX_REQUEST_BYTES,
    noticesHoldMs,
    clientQueue: core.clientQueue,
    noticeQueue: core.noticeQueue,
    request: core.requests.handle,
    idRequest: core.ids.handle,
  });
}

async function opened(sockets: { open(): Promise<void>; close(): Promise<void> }): Promise<Running> {
  await sockets.open();
  return { stop: () => sockets.close() };
}

/** A revoked key is disconnected by reopening the sockets. */
function disconnector(base: Base, access: BrokerAccess, boxes: BoxSockets, backend: BackendSockets): Running {
  const guard = (guarded: Access, sockets: BoxSockets | BackendSockets): Disconnector =>
    new Disconnector({
      guards: [guarded],
      close: () => sockets.close(),
      open: (signal) => reopen(sockets, base, signal),
      log: base.log,
    });
  const guards = [guard(access.boxes, boxes)];
  if (access.services !== undefined) guards.push(guard(access.services, backend));
  return {
    stop: async () => {
      for (const one of guards) await one.stop();
    },
  };
}
