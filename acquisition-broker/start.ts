/** Starts the acquisition broker: sockets around the core, in order, and stops them in reverse. */

import { retry } from '../common/backoff.js';
import { type Clock, systemClock, within } from '../common/clock.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { MAX_REQUEST_BYTES } from '../common/request-limits.js';
import { VERSION } from '../common/version.js';
import { type AcquisitionBrokerSettings, changedFields } from '../config/index.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import type { Access } from '../keys/access.js';
import { Disconnector } from '../keys/disconnector.js';
import { addStoreMetrics, spoolStatus } from '../store/outbox/metrics.js';
import { BACK_OFF } from '../store/outbox/policy.js';
import type { Store } from '../store/store.js';
import { startSweeper } from '../store/sweeper.js';
import { type Place, reopen } from '../zmq/bind.js';
import type { IoThreads } from '../zmq/io-threads.js';
import { type BrokerAccess, openBrokerAccess } from './access.js';
import { type Core, createCore } from './core.js';
import { addMetrics } from './metrics.js';
import { type RestoreOptions, restoreRequests } from './open/persistence.js';
import { BackendSockets } from './sockets/backend-sockets.js';
import { BoxSockets } from './sockets/box-sockets.js';
import { type AcquisitionStatus, statusOf } from './status.js';
import { startTrafficWriter } from './traffic.js';

const NAME = 'acquisition-broker';
/** How long a stop waits for replies that are being stored. */
const DRAIN_MS = 10_000;
/** The same for a store that does not return. */
const GIVE_UP_MS = 2_000;
/** Settings of v3 that v2 files do not have. */
const V3_ENDPOINTS = ['zmq_event_endpoint', 'zmq_event_id_endpoint'] as const;

export interface AcquisitionBrokerDeps {
  log: Logger;
  /** open for as long as the broker runs; not closed by it */
  store: Store;
  clock?: Clock;
  /** of `assignIoThreads`; without it each connection goes to any thread */
  ioThreads?: IoThreads;
}

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
  { clock = systemClock, ioThreads, log, store }: AcquisitionBrokerDeps,
): Promise<AcquisitionBroker> {
  const metrics = new Metrics(NAME, VERSION);
  const access = await openBrokerAccess(settings, store, log);
  const base = { settings, clock, log };
  const core = createCore({
    clock,
    identity: settings.identity,
    log,
    settings,
    store,
    // Nothing is sent before all sockets are made below.
    outlets: {
      toBoxes: (frames) => boxes.publish(frames),
      toClients: (frames) => backend.publish(frames),
      toNoticeReaders: (frames) => backend.publishNotice(frames),
    },
    isKnownBox: (boxId) => access.boxes.isKnown(String(boxId)),
  });
  const boxes = boxSockets(base, ioThreads, core, access.boxes);
  const backend = backendSockets(base, core, access.services);
  addMetrics(metrics, core, access.boxes, Object.values(boxes.connections));
  addStoreMetrics(metrics, store, core.outbox);
  const parts = {
    core,
    identity: settings.identity,
    access,
    boxes: boxes.connections,
    backend: backend.connections,
  };
  const status = (): AcquisitionStatus => statusOf(parts);
  const intervalSeconds = settings.trafficSeconds;
  let server: StatusServer | undefined;
  const daemon = await startAll([
    { name: 'access', start: async () => access },
    { name: 'timers', start: async () => ({ stop: () => stopTimers(core) }) },
    { name: 'outbox', start: async () => core.outbox },
    {
      name: 'traffic',
      start: async () =>
        startTrafficWriter({ clock, intervalSeconds, log, outbox: core.outbox, traffic: core.traffic }),
    },
    { name: 'expiry', start: async () => sweeper(store, clock, log) },
    { name: 'open requests', start: () => resume(core, store, clock, log) },
    { name: 'sockets of the boxes', start: () => opened(boxes) },
    { name: 'sockets of the services', start: () => opened(backend) },
    { name: 'revocation', start: async () => disconnector(base, access, boxes, backend) },
    {
      name: 'status server',
      start: async () => {
        server = await serveStatus(base, metrics, () => ({ ...status(), ...spoolStatus(store) }));
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

function sweeper(store: Store, clock: Clock, log: Logger): Running {
  return startSweeper(store, log, { now: () => clock.now(), steadyMs: () => clock.monotonic() });
}

function serveStatus({ settings, log }: Base, metrics: Metrics, details: () => Record<string, unknown>) {
  return startStatusServer({
    daemon: NAME,
    version: VERSION,
    ...settings.status,
    details,
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
    rejections: core.rejections,
    publish: places('box_pub', settings.boxPub, settings.boxPubNext),
    pull: places('box_pull', settings.boxPull, settings.boxPullNext),
    frameBytes: settings.limits.messageBytes,
    subscription: core.subscription,
    reply: core.reply,
    capacity: () => core.queue.capacity(),
    disconnected: () => core.boxes.disconnected(),
  });
}

function backendSockets(
  { clock, log, settings }: Base,
  core: Core,
  services: Access | undefined,
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
    request: (frames) => core.requests.handle(frames),
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

/** Sends open requests again; while the store is unavailable it is asked for them in the background. */
async function resume(
  core: Core,
  store: RestoreOptions['store'],
  clock: Clock,
  log: Logger,
): Promise<Running> {
  const { outbox, stopping: signal } = core;
  const restore = async (): Promise<void> =>
    core.resume(await restoreRequests({ store, outbox, clock, log }));
  let later: Promise<void> = Promise.resolve();
  try {
    await restore();
  } catch (error) {
    log.error({ err: error }, 'open requests cannot be read yet');
    const options = { ...BACK_OFF, what: 'open requests', clock, log, signal, helps: () => true };
    later = retry(restore, options).catch(() => undefined);
  }
  return { stop: () => later };
}

/** Stops reading, then waits for what was read; what the store does not take in time stays an open request. */
async function drain(core: Core, boxes: BoxSockets, backend: BackendSockets, clock: Clock): Promise<void> {
  backend.stopReading();
  boxes.stopReading();
  const drained = Promise.all([core.intake.drained(), core.tokens.drained(), core.queue.drained()]);
  await within(drained, DRAIN_MS, clock);
  core.giveUpStore();
  await within(drained, GIVE_UP_MS, clock);
}

async function stopTimers(core: Core): Promise<void> {
  for (const pinger of core.pingers.values()) await pinger.stop();
  await core.open.stop();
}
