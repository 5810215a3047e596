/** What the triggering broker says of itself: in `/status`, and as metrics. */
import type { Metrics } from '../common/metrics/metrics.js';
import type { Access, AccessStatus } from '../keys/access.js';
import type { CutOff } from '../keys/cut-off.js';
import { refusalsByReason } from '../keys/gate.js';
import type { ConnectionStatus } from '../zmq/connections.js';
import type { Relay } from './relay.js';

export interface TriggeringBrokerStatus {
  /** whether messages are carried; false for the moment in which the sockets are opened anew */
  open: boolean;
  boxes: ConnectionStatus;
  subscribers: ConnectionStatus;
  /** who may enter, who was refused */
  access: AccessStatus;
  /** the same for services, where the backend is under CURVE */
  backend_access?: AccessStatus;
  /** times the sockets were opened anew to cut off a revoked key */
  cut_offs: number;
  /** times the proxy ended by itself and was started again */
  proxy_failures: number;
}

export interface Parts {
  relay: Relay;
  access: Access;
  backendAccess: Access | undefined;
  cutOff: CutOff;
}

export function statusOf({ relay, access, backendAccess, cutOff }: Parts): TriggeringBrokerStatus {
  return {
    open: relay.isOpen,
    boxes: relay.boxes.status(),
    subscribers: relay.subscribers.status(),
    access: access.status(),
    ...(backendAccess === undefined ? {} : { backend_access: backendAccess.status() }),
    cut_offs: cutOff.count,
    proxy_failures: relay.failures,
  };
}

export function addMetrics(metrics: Metrics, { relay, access, cutOff }: Parts): void {
  metrics.gauge('makai_boxes_connected', () => relay.boxes.connected);
  metrics.counter('makai_connections_accepted_total', () => relay.boxes.status().handshakes);
  metrics.counter('makai_connections_refused_total', () => refusalsByReason([relay.boxes], access.gate));
  metrics.gauge('makai_allowed_keys', () => access.allow.status().known);
  metrics.gauge('makai_pending_keys', () => access.gate.status().refused_keys);
  metrics.counter('makai_cut_offs_total', () => cutOff.count);
  metrics.counter('makai_proxy_failures_total', () => relay.failures);
}
