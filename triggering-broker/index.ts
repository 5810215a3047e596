/** The triggering broker: boxes' measurement stream in (CURVE), the same frames out to services. */
import { type Running, stopAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { VERSION } from '../common/version.js';
import { changedFields, type TriggeringBrokerSettings } from '../config/index.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import { type Access, openAccess, openBackendAccess } from '../keys/access.js';
import { Disconnector } from '../keys/disconnector.js';
import type { ReadBoxKeys } from '../keys/store-source.js';
import type { Place } from '../zmq/bind.js';
import { Relay, type RelayOptions } from './relay.js';
import { addMetrics, type Parts, statusOf, type TriggeringBrokerStatus } from './status.js';

export interface TriggeringBrokerDeps {
  log: Logger;
  /** keys of the boxes in the store; needed where `white_list` names the store */
  boxKeys?: ReadBoxKeys | undefined;
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
 * Starts the broker; fulfilled when boxes and services can connect.
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
    const relay = started('sockets', new Relay(relayOptions(settings, access, backendAccess, deps.log)));
    await relay.start();
    const disconnector = started('revocation', disconnectorOf(relay, access, backendAccess, deps.log));
    const parts: Parts = { relay, access, backendAccess, disconnector };
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

function relayOptions(
  settings: TriggeringBrokerSettings,
  access: Access,
  backendAccess: Access | undefined,
  log: Logger,
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
