/** What the gateway reports about itself: in `/status`, and as metrics. */
import type { Metrics } from '../common/metrics/metrics.js';
import type { StoreStatus } from '../daemon/store-link.js';
import type { KafkaStatus } from '../kafka/metrics.js';
import type { HeardBrokers } from '../stream/brokers.js';
import type { Acting } from './acting.js';
import type { BridgeStatus } from './bridge/bridge.js';
import type { StoredStatus } from './follow/stored.js';
import type { MetersStatus } from './meters/meters.js';
import type { LinkStatus } from './mqtt/link.js';
import type { StandbyStatus } from './standby/standby.js';
import type { OutboxStatus } from './state/outbox.js';

export interface GatewayStatus {
  mqtt: LinkStatus;
  store: StoreStatus;
  /** messages since the start: from the outbox, states that the broker keeps, trends, live measurements */
  published: { kept: number; retained: number; trends: number; measurements: number };
  outbox: OutboxStatus & {
    /** why the broker refuses the first message now */
    reason?: string | undefined;
    /** messages of rules that the broker refused ten times */
    dropped: number;
  };
  /** live measurements */
  measurements: { received: number; waiting: number; dropped: number; refused: number };
  /** the triggering brokers; left out where no live measurements are wanted */
  stream?: HeardBrokers;
  followed: StoredStatus;
  daemons: Record<string, boolean>;
  event_requests: number;
  bridge: BridgeStatus | undefined;
  meters: MetersStatus | undefined;
  /** only with the setting `nats` */
  nats?: StandbyStatus;
  /** only with the setting `kafka` */
  kafka?: KafkaStatus;
  rules: ReturnType<Acting['status']>['rules'];
  alerts: ReturnType<Acting['status']>['alerts'];
  notify: ReturnType<Acting['status']>['notify'];
  /** clients of the embedded broker */
  clients: number | undefined;
  /** refused, by reason */
  refused: Record<string, number>;
}

/**
 * @param status undefined: this gateway stands by
 * @param standby undefined: it is the only one
 */
export function addMetrics(
  metrics: Metrics,
  status: () => GatewayStatus | undefined,
  standby: () => StandbyStatus | undefined,
): void {
  metrics.gauge('makai_nats_connected', () => standby() && Number(standby()?.connected));
  metrics.gauge('makai_gateway_active', () => standby() && Number(standby()?.elected));
  metrics.counter('makai_gateway_elections_total', () => standby()?.elections);
  metrics.gauge('makai_triggering_brokers_missing', () => status()?.stream?.missing.length);
  metrics.gauge('makai_mqtt_connected', () => Number(status()?.mqtt.connected ?? false));
  metrics.counter('makai_mqtt_published_total', () => ({ ...status()?.published }));
  metrics.gauge('makai_mqtt_outbox_messages', () => status()?.outbox.messages ?? 0);
  metrics.gauge('makai_mqtt_outbox_bytes', () => status()?.outbox.bytes ?? 0);
  metrics.counter('makai_mqtt_measurements_dropped_total', () => status()?.measurements.dropped ?? 0);
  metrics.counter('makai_mqtt_refused_total', () => status()?.refused ?? {});
  metrics.gauge('makai_mqtt_meters', () => status()?.meters?.known);
  metrics.gauge('makai_mqtt_meters_silent', () => status()?.meters?.silent);
  metrics.counter('makai_mqtt_meter_measurements_total', () => status()?.meters?.sent);
  metrics.gauge('makai_mqtt_clients', () => status()?.clients);
}
