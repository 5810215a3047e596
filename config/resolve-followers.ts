/** From the fields to the settings of the services that follow the others: the web service and the gateway. */
import { triggerEndpointsOf } from './backend-fields.js';
import { camelCased } from './camel-case.js';
import type { ConfigOf } from './kinds.js';
import type { FollowerSettings, MqttServer, SettingsOf } from './settings.js';
import { DAY_SECONDS } from './shared-fields.js';
import { parseStatusEndpoint } from './types.js';

/** Of a service that follows the others. */
export function followed(fields: ConfigOf['web-service' | 'gateway']): FollowerSettings {
  return {
    triggerEndpoints: triggerEndpointsOf(fields),
    acquisitionEndpoint: fields.zmq_acquisition_endpoint,
    dataEndpoint: fields.zmq_data_endpoint,
    incidentEndpoint: fields.incident_endpoint,
    backendCurve: fields.backend_curve && camelCased(fields.backend_curve),
    daemons: namedAddresses(fields.daemons),
    retention: { mode: fields.retention, measurementsSeconds: DAY_SECONDS },
    lahaConfigSeconds: fields.ttl_cache_ttl,
  };
}

export function bridgeOf(fields: ConfigOf['gateway']['bridge']): SettingsOf['gateway']['bridge'] {
  const server = fields && mqttServer(fields);
  if (fields === undefined || server === undefined) return undefined;
  return {
    server,
    topics: fields.topics.map((topic) => camelCased(topic)),
    maxMessages: fields.max_messages,
  };
}

export function metersOf(fields: ConfigOf['gateway']['meters']): SettingsOf['gateway']['meters'] {
  if (fields === undefined) return undefined;
  return {
    maxMeters: fields.max_meters,
    interface: fields.interface,
    serverKey: fields.server_key,
    cert: fields.cert,
    topics: fields.topics.map(({ frequency, location, name, thd, time, topic, voltage, ...rest }) => ({
      ...{ topic, name, voltage, frequency, thd, time, location },
      nominalVoltage: rest.nominal_voltage,
      nominalFrequency: rest.nominal_frequency,
      silentMs: 1000 * rest.silent_after_seconds,
    })),
  };
}

export function addressOf(
  text: string,
  otherwise: { host: string; port: number },
): { host: string; port: number } {
  const address = parseStatusEndpoint(text);
  return address !== undefined && 'host' in address ? address : otherwise;
}

function namedAddresses(daemons: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(daemons).flatMap(([name, address]) => (address === undefined ? [] : [[name, address]])),
  );
}

/** How the broker of an object of `mqtt` is reached; undefined: it names none. */
export function mqttServer(
  fields: Omit<ConfigOf['gateway']['mqtt'], 'listen' | 'login' | 'tls'>,
): MqttServer | undefined {
  const { ca, cert, client_id, key, password_file, url, user, version } = fields;
  if (url === undefined) return undefined;
  return { url, version, clientId: client_id, user, passwordFile: password_file, ca, cert, key };
}
