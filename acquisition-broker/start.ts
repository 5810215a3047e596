/** Starts the acquisition broker: sockets around the core, in order, and stops them in reverse. */
import { randomUUID } from 'node:crypto';
import { messageOf } from '../common/errors.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { type AcquisitionBrokerConfig, isNamed } from '../config/index.js';
import type { Store } from '../store/store.js';
import { openBoxAccess } from './access.js';
import { type BackendEndpoints, type BackendSockets, openBackendSockets } from './backend-sockets.js';
import { BoxSockets } from './box-sockets.js';
import { type Clock, pause, systemClock } from './clock.js';
import { type Core, createCore, type Outlets } from './core.js';
import { untilDone } from './events/patience.js';
import { restoreRequests } from './open/persistence.js';
import { receiveLoop } from './receive-loop.js';
import { type AcquisitionStatus, statusOf } from './status.js';
import { startMetricsWriter } from './traffic.js';

/** How long a stop waits for answers that are being stored. */
const DRAIN_MS = 10_000;
const OF_2020 = ['zmq_event_endpoint', 'zmq_event_id_endpoint'] as const satisfies (keyof BackendEndpoints)[];

export interface AcquisitionBrokerDeps {
  log: Logger;
  /** open for as long as the broker runs; not closed by it */
  store: Store;
  clock?: Clock;
}

export interface AcquisitionBroker extends Running {
  /** where each socket is open, by the name of the field */
  readonly endpoints: Readonly<Record<string, string>>;
  status(): AcquisitionStatus;
}

/**
 * Starts the broker. Fulfilled once all sockets are open and requests that were open before are asked again.
 * @throws MakaiError for keys and the store; the error of `bind` for an endpoint that cannot be opened
 */
export async function startAcquisitionBroker(
  config: AcquisitionBrokerConfig,
  { clock = systemClock, log, store }: AcquisitionBrokerDeps,
): Promise<AcquisitionBroker> {
  const access = await openBoxAccess(config, store, log);
  const identity = config.identity ?? randomUUID();
  const sockets: Sockets = {};
  const core = createCore({
    ...{ config, identity, store, clock, log },
    outlets: outletsTo(sockets),
    isKnownBox: (boxId) => access.isKnown(boxId),
  });
  const boxes = new BoxSockets({
    publishEndpoint: config.box_pub,
    pullEndpoint: config.box_pull,
    curve: access.curve,
    frameBytes: config.limits.message_bytes,
    ...{ clock, log },
    subscription: core.subscription,
    reply: core.reply,
    room: () => core.queue.room(),
    disconnected: () => core.presence.disconnected(),
  });
  sockets.boxes = boxes;
  const backend: PartOptions = { config, core, sockets, clock, log };
  const metrics = { traffic: core.traffic, store, clock, log, intervalSeconds: config.metric_update_sec };
  const daemon = await startAll([
    { name: 'access', start: async () => access },
    { name: 'timers', start: async () => ({ stop: () => stopTimers(core) }) },
    { name: 'metrics', start: async () => startMetricsWriter(metrics) },
    { name: 'open requests', start: () => resume(core, store, clock, log) },
    { name: 'sockets of the boxes', start: () => startBoxes(boxes) },
    { name: 'revocation', start: async () => access.guard(boxes) },
    { name: 'sockets of the services', start: () => startBackend(backend) },
    // Stopped first: nothing more comes in, and what came is dealt with while all sockets are open.
    { name: 'intake', start: async () => ({ stop: () => drain(backend) }) },
  ]);
  return {
    endpoints: { ...boxes.endpoints, ...sockets.backend?.endpoints },
    status: () => statusOf(core, identity, access.status()),
    stop: () => daemon.stop(),
  };
}

interface Sockets {
  boxes?: BoxSockets;
  backend?: BackendSockets;
}

interface PartOptions {
  config: AcquisitionBrokerConfig;
  core: Core;
  sockets: Sockets;
  clock: Clock;
  log: Logger;
}

/** Sockets that are closed just now take nothing: commands are sent again, and notices have no reader to miss them. */
function outletsTo(sockets: Sockets): Outlets {
  return {
    toBoxes: async (frames) => sockets.boxes?.publish(frames),
    toClients: async (frames) => sockets.backend?.publish.send(frames),
    toNoticeReaders: async (frames) => sockets.backend?.notices?.send(frames),
    eventNumber: async (text) => sockets.backend?.eventIds?.send(text),
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

async function startBoxes(boxes: BoxSockets): Promise<Running> {
  await boxes.open();
  return { stop: () => boxes.close() };
}

async function startBackend({ clock, config, core, log, sockets }: PartOptions): Promise<Running> {
  const backend = await openBackendSockets({
    endpoints: config,
    optional: new Set(OF_2020.filter((name) => !isNamed(config, name))),
    frameBytes: config.limits.request_bytes,
    log,
  });
  sockets.backend = backend;
  const { eventIds, pull } = backend;
  const loops = [
    receiveLoop({ name: 'backend_pull', socket: pull, clock, log, handle: core.requests.handle }),
  ];
  if (eventIds !== undefined) {
    const { handle } = core.ids;
    loops.push(receiveLoop({ name: 'zmq_event_id_endpoint', socket: eventIds, clock, log, handle }));
  }
  return {
    stop: async () => {
      backend.close();
      await Promise.all(loops);
    },
  };
}

/** Stops reading, then waits for what was read; what the store does not take in time stays an open request. */
async function drain({ clock, core, sockets }: PartOptions): Promise<void> {
  sockets.backend?.pull.close();
  sockets.boxes?.stopReading();
  const drained = Promise.all([core.intake.drained(), core.tokens.drained(), core.queue.drained()]);
  const waited = new AbortController();
  await Promise.race([drained, pause(clock, DRAIN_MS, waited.signal)]);
  waited.abort();
  core.giveUpStore();
  await drained;
}

async function stopTimers(core: Core): Promise<void> {
  await core.pinger.stop();
  await core.book.stop();
}
