/** Starts the acquisition broker: sockets around the core, in order, and stops them in reverse. */

import { type Clock, systemClock, within } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { VERSION } from '../common/version.js';
import {
  type AcquisitionBrokerConfig,
  changedFields,
  isNamed,
  parseStatusEndpoint,
} from '../config/index.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import type { Access } from '../keys/access.js';
import { CutOff } from '../keys/cut-off.js';
import { measuredStore, spoolStatus } from '../store/measured.js';
import type { Store } from '../store/store.js';
import { startSweeper } from '../store/sweeper.js';
import { openAgain, type Place } from '../zmq/bind.js';
import type { IoThreads } from '../zmq/io-threads.js';
import { type BrokerAccess, openBrokerAccess } from './access.js';
import { type Core, createCore } from './core.js';
import { untilDone } from './events/patience.js';
import { addMetrics } from './metrics.js';
import { restoreRequests } from './open/persistence.js';
import { BackendSockets } from './sockets/backend-sockets.js';
import { BoxSockets } from './sockets/box-sockets.js';
import { type AcquisitionStatus, statusOf } from './status.js';
import { startTrafficWriter } from './traffic.js';

const NAME = 'acquisition-broker';
/** How long a stop waits for answers that are being stored. */
const DRAIN_MS = 10_000;
/** The same for a store that does not even refuse. */
const GIVE_UP_MS = 2_000;
/** Fields of 2020 that files of 2018 do not name. */
const OF_2020 = ['zmq_event_endpoint', 'zmq_event_id_endpoint'] as const;

export interface AcquisitionBrokerDeps {
  log: Logger;
  /** open for as long as the broker runs; not closed by it */
  store: Store;
  clock?: Clock;
  /** of `shareOutIoThreads`; without it each connection goes to any thread */
  ioThreads?: IoThreads;
}

export interface AcquisitionBroker extends Running {
  /** where each socket is open, by the name of the field */
  readonly endpoints: Readonly<Record<string, string>>;
  status(): AcquisitionStatus;
  /** Says which changed fields wait for the next start: all of them. Keys of boxes need none, they are watched. */
  reload(config: AcquisitionBrokerConfig): Promise<void>;
}

/**
 * Starts the broker. Fulfilled once all sockets are open and requests that were open before are asked again.
 * @throws MakaiError for keys and the store, and ENDPOINT_IN_USE
 */
export async function startAcquisitionBroker(
  config: AcquisitionBrokerConfig,
  { clock = systemClock, ioThreads, log, store: plainStore }: AcquisitionBrokerDeps,
): Promise<AcquisitionBroker> {
  const metrics = new Metrics(NAME, VERSION);
  const store = measuredStore(plainStore, metrics);
  const access = await openBrokerAccess(config, store, log);
  const base = { config, clock, log };
  const core = createCore({
    ...base,
    store,
    identity: config.identity,
    // Nothing is sent before all sockets are made below.
    outlets: {
      toBoxes: (frames) => boxes.publish(frames),
      toClients: (frames) => backend.publish(frames),
      toNoticeReaders: (frames) => backend.publishNotice(frames),
    },
    isKnownBox: (boxId) => access.boxes.isKnown(String(boxId)),
  });
  const boxes = boxSockets({ ...base, ioThreads }, core, access.boxes);
  const backend = backendSockets(base, core, access.services);
  addMetrics(metrics, core, access.boxes, Object.values(boxes.connections));
  const parts = {
    core,
    identity: config.identity,
    access,
    boxes: boxes.connections,
    backend: backend.connections,
  };
  const status = (): AcquisitionStatus => statusOf(parts);
  const intervalSeconds = config.metric_update_sec;
  let server: StatusServer | undefined;
  const daemon = await startAll([
    { name: 'access', start: async () => access },
    { name: 'timers', start: async () => ({ stop: () => stopTimers(core) }) },
    { name: 'traffic', start: async () => startTrafficWriter({ ...base, ...core, store, intervalSeconds }) },
    { name: 'expiry', start: async () => sweeper(store, clock, log) },
    { name: 'open requests', start: () => resume(core, store, clock, log) },
    { name: 'sockets of the boxes', start: () => opened(boxes) },
    { name: 'sockets of the services', start: () => opened(backend) },
    { name: 'revocation', start: async () => cutOff(base, access, boxes, backend) },
    {
      name: 'status server',
      start: async () => {
        server = await serveStatus(base, metrics, () => ({ ...status(), ...spoolStatus(plainStore) }));
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
      const fields = changedFields(config, next);
      if (fields.length > 0) log.warn({ fields }, 'changed fields take effect at the next start');
    },
    stop: () => daemon.stop(),
  };
}

type Base = { config: AcquisitionBrokerConfig; clock: Clock; log: Logger };

function sweeper(store: Store, clock: Clock, log: Logger): Running {
  return startSweeper(store, log, { now: () => clock.now(), steadyMs: () => clock.monotonic() });
}

function serveStatus({ config, log }: Base, metrics: Metrics, details: () => Record<string, unknown>) {
  return startStatusServer({
    daemon: NAME,
    version: VERSION,
    address: parseStatusEndpoint(config.status),
    named: isNamed(config, 'status'),
    maxConnections: config.limits.status_connections,
    details,
    metrics,
    log,
  });
}

function boxSockets(
  { config, ...base }: Base & { ioThreads: IoThreads | undefined },
  core: Core,
  { curve, nextCurve }: Access,
): BoxSockets {
  const places = (field: 'box_pub' | 'box_pull'): Place[] => {
    const next = config[`${field}_next`];
    const present: Place = { field, endpoint: config[field], curve };
    if (next === undefined) return [present];
    return [present, { field: `${field}_next`, endpoint: next, curve: nextCurve }];
  };
  return new BoxSockets({
    ...base,
    rejections: core.rejections,
    publish: places('box_pub'),
    pull: places('box_pull'),
    frameBytes: config.limits.message_bytes,
    subscription: core.subscription,
    reply: core.reply,
    room: () => core.queue.room(),
    disconnected: () => core.presence.disconnected(),
  });
}

function backendSockets({ config, ...base }: Base, core: Core, services: Access | undefined): BackendSockets {
  return new BackendSockets({
    ...base,
    rejections: core.rejections,
    endpoints: config,
    optional: new Set(OF_2020.filter((field) => !isNamed(config, field))),
    curve: services?.curve,
    frameBytes: config.limits.request_bytes,
    request: core.requests.handle,
    numberWanted: core.ids.handle,
  });
}

async function opened(sockets: { open(): Promise<void>; close(): Promise<void> }): Promise<Running> {
  await sockets.open();
  return { stop: () => sockets.close() };
}

/** A revoked key that is inside is cut off by opening the sockets anew. */
function cutOff(base: Base, access: BrokerAccess, boxes: BoxSockets, backend: BackendSockets): Running {
  const guard = (guarded: Access, sockets: BoxSockets | BackendSockets): CutOff =>
    new CutOff({
      guards: [guarded],
      close: () => sockets.close(),
      open: (signal) => openAgain(sockets, base, signal),
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

/** Asks again what was open; a store that does not answer now is asked for it in the background. */
async function resume(core: Core, store: Store, clock: Clock, log: Logger): Promise<Running> {
  const restore = async (): Promise<void> => core.resume(await restoreRequests({ store, clock, log }));
  let later: Promise<void> = Promise.resolve();
  try {
    await restore();
  } catch (error) {
    log.error({ error: messageOf(error) }, 'open requests cannot be read yet');
    later = untilDone(restore, 'open requests', core.patience).catch(() => undefined);
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
  await core.pinger.stop();
  await core.book.stop();
}
