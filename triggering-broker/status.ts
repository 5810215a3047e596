/** What the triggering broker reports about itself: in `/status`, and as metrics. */
import type { Metrics } from '../common/metrics/metrics.js';
import type { Access, AccessStatus } from '../keys/access.js';
import type { Disconnector } from '../keys/disconnector.js';
import { refusalsByReason } from '../keys/gate.js';
import type { ConnectionStatus } from '../zmq/connections.js';
import type { Relay } from './relay.js';

export interface TriggeringBrokerStatus {
  /** whether messages are carried; false for the moment in which the sockets are reopened */
  open: boolean;
  boxes: ConnectionStatus;
  subscribers: ConnectionStatus;
  /** who may connect, who was refused */
  access: AccessStatus;
  /** the same for services, where the backend is under CURVE */
  backend_access?: AccessStatus;
  /** times the sockets were reopened to disconnect a revoked key */
  disconnects: number;
  /** times the proxy ended by itself and was started again */
  proxy_failures: number;
}

export interface Parts {
  relay: Relay;
  access: Access;
  backendAccess: Access | undefined;
  disconnector: Disconnector;
}

export function statusOf({ relay, access, backendAccess, disconnector }: Parts): TriggeringBrokerStatus {
  return {
    open: relay.isOpen,
    boxes: relay.boxes.status(),
    subscribers: relay.subscribers.status(),
    access: access.status(),
    ...(backendAccess === undefined ? {} : { backend_access: backendAccess.status() }),
    disconnects: disconnector.count,
    proxy_failures: relay.failures,
  };
}

export function addMetrics(metrics: Metrics, { relay, access, disconnector }: Parts): void {
  metrics.gauge('makai_boxes_connected', () => relay.boxes.connected);
  metrics.counter('makai_connections_accepted_total', () => relay.boxes.status().handshakes);
  metrics.counter('makai_connections_refused_total', () => refusalsByReason([relay.boxes], access.gate));
  metrics.gauge('makai_allowed_keys', () => access.allow.status().known);
  metrics.gauge('makai_pending_keys', () => access.gate.status().refused_keys);
  metrics.counter('makai_disconnects_total', () => disconnector.count);
  metrics.counter('makai_proxy_failures_total', () => relay.failures);
}
