/** The triggering broker: boxes' measurement stream in (CURVE), the same frames out to services. */
import { type Running, stopAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Metrics } from '../common/metrics/metrics.js';
import { VERSION } from '../common/version.js';
import {
  allowListOf,
  changedFields,
  isNamed,
  parseStatusEndpoint,
  serverKeyOf,
  type TriggeringBrokerConfig,
} from '../config/index.js';
import { type StatusServer, startStatusServer } from '../daemon/status/server.js';
import { type Access, openAccess, openBackendAccess } from '../keys/access.js';
import { CutOff } from '../keys/cut-off.js';
import type { ReadBoxKeys } from '../keys/store-source.js';
import { Relay, type RelayOptions } from './relay.js';
import { addMetrics, type Parts, statusOf, type TriggeringBrokerStatus } from './status.js';

export interface TriggeringBrokerDeps {
  log: Logger;
  /** keys of the boxes in the store; needed where `white_list` names the store */
  boxKeys?: ReadBoxKeys | undefined;
}

export interface TriggeringBroker extends Running {
  /** where each socket is open, by the field that names it */
  readonly endpoints: Readonly<Record<string, string>>;
  status(): TriggeringBrokerStatus;
  /** Says which changed fields wait for the next start: all of them. Keys of boxes need none, they are watched. */
  reload(config: TriggeringBrokerConfig): Promise<void>;
}

const NAME = 'triggering-broker';

/**
 * Starts the broker; fulfilled when boxes and services can connect.
 * @throws MakaiError KEY_FILE, KEY_INVALID, SECRET_EXPOSED for the server's keys, ENDPOINT_IN_USE, CONFIG_INVALID without an allow-list
 */
export async function startTriggeringBroker(
  config: TriggeringBrokerConfig,
  deps: TriggeringBrokerDeps,
): Promise<TriggeringBroker> {
  const running: { name: string; part: Running }[] = [];
  const started = <T extends Running>(name: string, part: T): T => {
    running.push({ name, part });
    return part;
  };
  try {
    const access = started('access of boxes', await openBoxAccess(config, deps));
    const backendAccess = await openBackendAccess(NAME, config.backend_curve, deps.log);
    if (backendAccess !== undefined) started('access of services', backendAccess);
    const relay = started('sockets', new Relay(relayOptions(config, access, backendAccess, deps.log)));
    await relay.start();
    const cutOff = started('revocation', cutOffOf(relay, access, backendAccess, deps.log));
    const parts: Parts = { relay, access, backendAccess, cutOff };
    const server = started('status server', await serveStatus(config, parts, deps.log));
    let stopping: Promise<void> | undefined;
    return {
      endpoints: endpointsOf(relay, server),
      status: () => statusOf(parts),
      reload: async (next) => {
        const fields = changedFields(config, next);
        if (fields.length > 0) deps.log.warn({ fields }, 'changed fields take effect at the next start');
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
  config: TriggeringBrokerConfig,
  { boxKeys, log }: TriggeringBrokerDeps,
): Promise<Access> {
  return openAccess({
    name: NAME,
    serverKey: serverKeyOf(config),
    nextServerKeyFile: config.server_cert_next,
    allow: allowListOf(config),
    boxKeys,
    log,
  });
}

function relayOptions(
  config: TriggeringBrokerConfig,
  access: Access,
  backendAccess: Access | undefined,
  log: Logger,
): RelayOptions {
  const front = [{ endpoint: config.interface, curve: access.curve }];
  if (config.interface_next !== undefined && access.nextCurve !== undefined) {
    front.push({ endpoint: config.interface_next, curve: access.nextCurve });
  }
  return {
    front,
    back: { endpoint: config.backend, curve: backendAccess?.curve },
    messageBytes: config.limits.message_bytes,
    queueMessages: config.limits.queue_messages,
    log,
  };
}

/** A revoked key of a box or of a service ends the one proxy, so both close and open together. */
function cutOffOf(relay: Relay, access: Access, backendAccess: Access | undefined, log: Logger): CutOff {
  return new CutOff({
    guards: [access, ...(backendAccess === undefined ? [] : [backendAccess])],
    close: () => relay.close(),
    open: (signal) => relay.reopen(signal),
    log,
  });
}

async function serveStatus(config: TriggeringBrokerConfig, parts: Parts, log: Logger): Promise<StatusServer> {
  const metrics = new Metrics(NAME, VERSION);
  addMetrics(metrics, parts);
  return startStatusServer({
    daemon: NAME,
    version: VERSION,
    address: parseStatusEndpoint(config.status),
    named: isNamed(config, 'status'),
    maxConnections: config.limits.status_connections,
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
