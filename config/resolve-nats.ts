/** From the fields of `nats` to its settings. */
import { camelCased } from './camel-case.js';
import type { ConfigOf } from './kinds.js';
import type { NatsBrokerSettings, NatsRelaySettings, NatsServers } from './settings.js';

export function natsServers({
  credentials,
  password_file,
  servers,
  tls,
  user,
}: NonNullable<ConfigOf['triggering-service']['nats']>): NatsServers {
  return { servers, credentials, user, passwordFile: password_file, tls };
}

export function natsBroker(fields: NonNullable<ConfigOf['acquisition-broker']['nats']>): NatsBrokerSettings {
  return { servers: natsServers(fields), replicas: fields.replicas };
}

export function natsRelay(fields: NonNullable<ConfigOf['triggering-broker']['nats']>): NatsRelaySettings {
  return {
    ...natsServers(fields),
    stream: {
      replicas: fields.replicas,
      maxBytes: fields.max_bytes,
      maxAgeMs: 1000 * fields.max_age_seconds,
    },
    spool: camelCased(fields.spool),
  };
}
