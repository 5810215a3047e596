/** The triggering broker: boxes' measurement stream in (CURVE), the same frames out to services. */
import type { MakaiError } from '../common/errors.js';
import { type Running, stopAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { VERSION } from '../common/version.js';
import { changedFields, type TriggeringBrokerSettings } from '../config/index.js';
import { boxConnections } from '../daemon/broker-box-health.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import { type Access, openAccess, openBackendAccess } from '../keys/access.js';
import { Disconnector } from '../keys/disconnector.js';
import type { ReadBoxKeys } from '../keys/store-source.js';
import { WrongKeyPeers } from '../keys/wrong-key-peers.js';
import type { Place } from '../zmq/bind.js';
import type { StreamRelay } from './jetstream/stream-relay.js';
import { Relay, type RelayOptions, type SubscribersWait } from './relay.js';
import { addMetrics, type Parts, statusOf, type TriggeringBrokerStatus } from './status.js';

export interface TriggeringBrokerDeps {
  log: Logger;
  /** keys of the boxes in the store; needed where `white_list` names the store */
  boxKeys?: ReadBoxKeys | undefined;
  /** for tests: how long boxes wait for services that subscribe, ms */
  subscribersWait?: SubscribersWait;
  /** for tests: the thread of the stream relay exited by itself; otherwise the process ends with the error */
  relayDied?: (error: MakaiError) => void;
}

export interface TriggeringBroker extends Running {
  /** where each socket is open, by the setting that names it */
  readonly endpoints: Readonly<Record<string, string>>;
  status(): TriggeringBrokerStatus;
  /** Logs which changed settings take effect at the next start: all of them. Keys of boxes are watched and need no reload. */
  reload(settings: TriggeringBrokerSettings): Promise<void>;
}

const NAME = 'triggering-broker';

/**
 * Starts the broker; fulfilled when services can connect. Boxes are let in when services have subscribed again (relay.ts).
 * @throws MakaiError KEY_FILE_IO, KEY_INVALID, SECRET_EXPOSED for the server's keys, ENDPOINT_IN_USE, CONFIG_INVALID without an allow-list
 */
export async function startTriggeringBroker(
  settings: TriggeringBrokerSettings,
  deps: TriggeringBrokerDeps,
): Promise<TriggeringBroker> {
  const running: { name: string; part: Running }[] = [];
  const started = <T extends Running>(name: string, part: T): T => {
    running.push({ name, part });
    return part;
  };
  try {
    const access = started('access of boxes', await openBoxAccess(settings, deps));
    const backendAccess = await openBackendAccess(NAME, settings.backendCurve, deps.log);
    if (backendAccess !== undefined) started('access of services', backendAccess);
    const streamRelay = await startStreamRelay(settings, deps);
    if (streamRelay !== undefined) started('stream relay', streamRelay);
    const options = { ...relayOptions(settings, access, backendAccess, deps), inside: streamRelay };
    const relay = started('sockets', new Relay(options));
    await relay.start();
    const disconnector = started('revocation', disconnectorOf(relay, access, backendAccess, deps.log));
    const wrongKeys = new WrongKeyPeers({
      ...{ sockets: [relay.boxes], endpoints: () => relay.frontEndpoints },
      ...{ gate: access.gate, log: deps.log },
    });
    const parts: Parts = { relay, streamRelay, access, backendAccess, disconnector, wrongKeys };
    const server = started('status server', await serveStatus(settings, parts, deps.log));
    let stopping: Promise<void> | undefined;
    return {
      endpoints: endpointsOf(relay, server),
      status: () => statusOf(parts),
      reload: async (next) => {
        const fields = changedFields(settings.file, next.file);
        if (fields.length > 0) deps.log.warn({ fields }, 'changed settings take effect at the next start');
      },
      stop: () => {
        stopping ??= stopAll(running);
        return stopping;
      },
    };
  } catch (error) {
    await stopAll(running).catch(() => undefined);
    throw error;
  }
}

function openBoxAccess(
  settings: TriggeringBrokerSettings,
  { boxKeys, log }: TriggeringBrokerDeps,
): Promise<Access> {
  return openAccess({
    name: NAME,
    serverKey: settings.serverKey,
    nextServerKeyFile: settings.serverCertNext,
    allow: settings.allow,
    boxKeys,
    log,
  });
}

/** Nothing of it is loaded without `nats`. Where it exits, boxes had better keep what they send than send it past the stream: the supervisor starts the broker again. */
async function startStreamRelay(
  { nats }: TriggeringBrokerSettings,
  { log, relayDied = rethrow }: TriggeringBrokerDeps,
): Promise<StreamRelay | undefined> {
  if (nats === undefined) return undefined;
  const { StreamRelay } = await import('./jetstream/stream-relay.js');
  return StreamRelay.start({ settings: nats, log: log.child({ part: 'stream relay' }), died: relayDied });
}

/** Outside of any promise, so that it ends the process. */
function rethrow(error: MakaiError): void {
  setImmediate(() => {
    throw error;
  });
}

function relayOptions(
  settings: TriggeringBrokerSettings,
  access: Access,
  backendAccess: Access | undefined,
  { log, subscribersWait }: TriggeringBrokerDeps,
): RelayOptions {
  const front: Place[] = [{ field: 'interface', endpoint: settings.interface, curve: access.curve }];
  if (settings.interfaceNext !== undefined && access.nextCurve !== undefined) {
    front.push({ field: 'interface_next', endpoint: settings.interfaceNext, curve: access.nextCurve });
  }
  return {
    front,
    back: { field: 'backend', endpoint: settings.backend, curve: backendAccess?.curve },
    messageBytes: settings.limits.messageBytes,
    queueMessages: settings.limits.queueMessages,
    subscribersWait,
    log,
  };
}

/** A revoked key of a box or of a service ends the one proxy, so both close and open together. */
function disconnectorOf(
  relay: Relay,
  access: Access,
  backendAccess: Access | undefined,
  log: Logger,
): Disconnector {
  return new Disconnector({
    guards: [access, ...(backendAccess === undefined ? [] : [backendAccess])],
    close: () => relay.close(),
    open: (signal) => relay.reopen(signal),
    log,
  });
}

async function serveStatus(
  { status }: TriggeringBrokerSettings,
  parts: Parts,
  log: Logger,
): Promise<StatusServer> {
  const metrics = new Metrics(NAME, VERSION);
  addMetrics(metrics, parts);
  return startStatusServer({
    daemon: NAME,
    version: VERSION,
    ...status,
    details: () => ({ ...statusOf(parts) }),
    boxHealth: (boxId) => boxConnections(parts.access.gate.connections, parts.relay.frontEndpoints, boxId),
    metrics,
    log,
  });
}

function endpointsOf(relay: Relay, server: StatusServer): Record<string, string> {
  const [boxes, boxesNext] = relay.frontEndpoints;
  return {
    interface: boxes ?? '',
    ...(boxesNext === undefined ? {} : { interface_next: boxesNext }),
    backend: relay.backEndpoint,
    ...(server.address === undefined ? {} : { status: server.address }),
  };
}
