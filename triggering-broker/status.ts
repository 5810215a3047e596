/** What the triggering broker reports about itself: in `/status`, and as metrics. */
import type { Metrics } from '../common/metrics/metrics.js';
import type { Access, AccessStatus } from '../keys/access.js';
import type { Disconnector } from '../keys/disconnector.js';
import { refusalsByReason } from '../keys/gate.js';
import type { WrongKeyAddress, WrongKeyPeers } from '../keys/wrong-key-peers.js';
import type { ConnectionStatus } from '../zmq/connections.js';
import type { RelayStatus } from './jetstream/messages.js';
import type { StreamRelay } from './jetstream/stream-relay.js';
import type { Relay } from './relay.js';

export interface TriggeringBrokerStatus {
  /** whether messages are carried; false while the sockets are reopened, and after the start until services have subscribed (5 s at most) */
  open: boolean;
  boxes: ConnectionStatus;
  subscribers: ConnectionStatus;
  /** who may connect, who was refused */
  access: AccessStatus;
  /** addresses from which connections with another server key came, newest first, at most 100 */
  wrong_server_key: WrongKeyAddress[];
  /** the same for services, where the backend is under CURVE */
  backend_access?: AccessStatus;
  /** times the sockets were reopened to disconnect a revoked key */
  disconnects: number;
  /** times the proxy ended by itself and was started again */
  proxy_failures: number;
  /** the stream relay, where the settings have `nats` */
  nats?: RelayStatus;
}

export interface Parts {
  relay: Relay;
  streamRelay: StreamRelay | undefined;
  access: Access;
  backendAccess: Access | undefined;
  disconnector: Disconnector;
  wrongKeys: WrongKeyPeers;
}

export function statusOf({
  relay,
  streamRelay,
  access,
  backendAccess,
  disconnector,
  wrongKeys,
}: Parts): TriggeringBrokerStatus {
  return {
    open: relay.isOpen,
    boxes: relay.boxes.status(),
    subscribers: relay.subscribers.status(),
    access: access.status(),
    wrong_server_key: wrongKeys.list(),
    ...(backendAccess === undefined ? {} : { backend_access: backendAccess.status() }),
    disconnects: disconnector.count,
    proxy_failures: relay.failures,
    ...(streamRelay === undefined ? {} : { nats: streamRelay.status() }),
  };
}

export function addMetrics(
  metrics: Metrics,
  { relay, streamRelay, access, disconnector, wrongKeys }: Parts,
): void {
  metrics.gauge('makai_boxes_connected', () => relay.boxes.connected);
  metrics.counter('makai_connections_accepted_total', () => relay.boxes.accepted);
  metrics.counter('makai_connections_refused_total', () => refusalsByReason([relay.boxes], access.gate));
  metrics.gauge('makai_allowed_keys', () => access.allow.status().known);
  metrics.gauge('makai_pending_keys', () => access.gate.status().refused_keys);
  metrics.gauge('makai_wrong_server_key_addresses', () => wrongKeys.recent);
  metrics.counter('makai_disconnects_total', () => disconnector.count);
  metrics.counter('makai_proxy_failures_total', () => relay.failures);
  const nats = (read: (status: RelayStatus) => number | Record<string, number>) => () =>
    streamRelay && read(streamRelay.status());
  metrics.gauge(
    'makai_nats_connected',
    nats(({ connected }) => Number(connected)),
  );
  metrics.counter(
    'makai_relay_messages_total',
    nats(({ messages }) => messages),
  );
  metrics.counter(
    'makai_relay_acknowledged_total',
    nats(({ acknowledged }) => acknowledged),
  );
  metrics.counter(
    'makai_relay_failures_total',
    nats(({ failures }) => failures),
  );
  metrics.counter(
    'makai_relay_dropped_total',
    nats(({ dropped }) => ({ ...dropped })),
  );
  metrics.gauge(
    'makai_relay_spool_messages',
    nats(({ spool }) => spool.messages),
  );
  metrics.gauge(
    'makai_relay_spool_bytes',
    nats(({ spool }) => spool.bytes),
  );
}
