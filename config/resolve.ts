/** From the fields of a file to the settings of its daemon: which of several fields wins, units, endpoints. */
import { type Reference, referenceIn } from '../store/reference.js';
import { triggerEndpointsOf } from './backend-fields.js';
import { camelCased } from './camel-case.js';
import { DEFAULT_STORE } from './default-store.js';
import { deepFreeze } from './freeze.js';
import type { AnyConfig, ConfigFile, ConfigOf, Kind } from './kinds.js';
import { resolvePlugin } from './plugins.js';
import { addressOf, bridgeOf, followed, metersOf, mqttServer } from './resolve-followers.js';
import { kafkaMeasurements, kafkaServers } from './resolve-kafka.js';
import { natsBroker, natsRelay, natsServers } from './resolve-nats.js';
import type {
  AllowList,
  BrokerSettings,
  CommonSettings,
  FlagSettings,
  RetentionSettings,
  ServerKey,
  SettingsOf,
  WriterSettings,
} from './settings.js';
import { DAY_SECONDS } from './shared-fields.js';
import { isLoopback, parseStatusEndpoint } from './types.js';

type BrokerFields = ConfigOf['triggering-broker' | 'acquisition-broker'];
type WriterFields = ConfigOf['acquisition-broker' | 'triggering-service'];

const RESOLVERS: { readonly [K in Kind]: (file: ConfigFile<K>) => SettingsOf[K] } = {
  'triggering-broker': (file) => {
    const { fields } = file;
    return {
      ...common(file),
      ...broker(file),
      interface: fields.interface,
      interfaceNext: fields.interface_next,
      backend: fields.backend,
      limits: camelCased(fields.limits),
      nats: fields.nats && natsRelay(fields.nats),
    };
  },
  'acquisition-broker': (file) => {
    const { fields } = file;
    return {
      ...common(file),
      ...broker(file),
      ...writer(fields, brokerRetention(fields)),
      boxPub: fields.box_pub,
      boxPubNext: fields.box_pub_next,
      boxPull: fields.box_pull,
      boxPullNext: fields.box_pull_next,
      backendPull: fields.backend_pull,
      backendPub: fields.backend_pub,
      eventEndpoint: fields.zmq_event_endpoint,
      eventIdEndpoint: fields.zmq_event_id_endpoint,
      keepsUnasked: fields.keep_unasked,
      nats: fields.nats && natsBroker(fields.nats),
      storeMaxBytes: fields.store_max_bytes,
      storeSchemaCopyDays: fields.store_schema_copy_days,
      waveformBudget: {
        boxBytes: 1e6 * fields.limits.waveform_mb_per_box,
        totalBytes: 1e6 * fields.limits.waveform_mb_in_all,
      },
      limits: camelCased(fields.limits),
    };
  },
  'triggering-service': (file) => {
    const { fields } = file;
    return {
      ...common(file),
      ...writer(fields, serviceRetention(fields)),
      allow: allowList(file),
      triggerEndpoints: triggerEndpointsOf(fields),
      acquisitionEndpoint: fields.zmq_acquisition_endpoint,
      backendCurve: fields.backend_curve && camelCased(fields.backend_curve),
      reference: referenceOf(fields),
      flags: flagsOf(fields),
      trendWindowMs: 1000 * fields.mongo_trends_update_interval_seconds,
      requestMemoryMs: fields.event_request_expiration_window_ms,
      mergeMs: fields.merge_ms,
      plugins: fields.plugins,
      pluginReload: fields.plugin_reload,
      pluginLimits: camelCased(fields.plugin_limits),
      incidentIdEndpoint: fields.incident_id_endpoint,
      healthDocuments: fields.health_documents,
      nats: fields.nats && natsServers(fields.nats),
      kafka: fields.kafka && kafkaMeasurements(fields.kafka),
      limits: camelCased(fields.limits),
    };
  },
  'analysis-service': (file) => {
    const { fields } = file;
    const trends = fields.mongo_trends_expiration_seconds;
    return {
      ...common(file),
      triggerEndpoints: triggerEndpointsOf(fields),
      dataEndpoint: fields.zmq_data_endpoint,
      backendCurve: fields.backend_curve && camelCased(fields.backend_curve),
      incidentPub: fields.incident_pub,
      classifies: fields.incidents === 'on',
      incidentIdEndpoint: fields.incident_id_endpoint,
      reference: { voltage: fields.nominal_voltage, frequency: fields.nominal_frequency },
      workers: fields.workers,
      nats: fields.nats && natsServers(fields.nats),
      retention: {
        mode: fields.retention,
        measurementsSeconds: DAY_SECONDS,
        incidentsSeconds: fields.mongo_incidents_expiration_seconds,
        ...(trends === undefined ? {} : { trendsSeconds: trends }),
      },
      lahaConfigSeconds: fields.ttl_cache_ttl,
    };
  },
  'web-service': (file) => {
    const { fields } = file;
    const listen = addressOf(fields.listen, { host: '127.0.0.1', port: 8088 });
    return {
      ...common(file),
      listen,
      login: fields.login === 'on',
      isLoopback: isLoopback(listen.host),
      tls: fields.tls,
      behindProxy: fields.behind_proxy,
      ...followed(fields),
      nats: fields.nats && natsServers(fields.nats),
      clientCerts: fields.client_certs,
      mapTiles: fields.map_tiles,
      reference: { voltage: fields.nominal_voltage, frequency: fields.nominal_frequency },
    };
  },
  gateway: (file) => {
    const { fields } = file;
    const { mqtt } = fields;
    const listen = addressOf(mqtt.listen, { host: '127.0.0.1', port: 1883 });
    return {
      ...common(file),
      server: mqttServer(mqtt),
      embedded: { listen, isLoopback: isLoopback(listen.host), login: mqtt.login === 'on', tls: mqtt.tls },
      homeAssistant: fields.home_assistant,
      bridge: bridgeOf(fields.bridge),
      meters: metersOf(fields.meters),
      measurements: { perSecond: fields.measurements.per_second, boxes: fields.measurements.boxes },
      nats: fields.nats && natsServers(fields.nats),
      kafka: fields.kafka && kafkaServers(fields.kafka),
      state: fields.state,
      outbox: camelCased(fields.outbox),
      ...followed(fields),
      web: fields.web,
      notify: fields.notify,
    };
  },
};

/** The settings of one daemon, frozen. */
export function resolveSettings<K extends Kind>(file: ConfigFile<K>): SettingsOf[K] {
  return deepFreeze(RESOLVERS[file.kind](file));
}

function common<K extends Kind>(file: ConfigFile<K>): CommonSettings<K> {
  const { fields, named } = file;
  return {
    file,
    logLevel: fields.log_level,
    status: { address: parseStatusEndpoint(fields.status), isNamed: named.has('status') },
    storeUrl: storeUrl(fields),
  };
}

function broker({ fields, named }: ConfigFile<'triggering-broker' | 'acquisition-broker'>): BrokerSettings {
  return {
    allow: allowList({ fields, named }),
    serverKey: serverKey(fields, named),
    serverCertNext: fields.server_cert_next,
    backendCurve: fields.backend_curve && camelCased(fields.backend_curve),
  };
}

function writer(fields: WriterFields, retention: RetentionSettings): WriterSettings {
  return {
    identity: fields.identity,
    maxWindowMs: fields.max_window_ms,
    trafficSeconds: fields.metric_update_sec,
    retention,
    lahaConfigSeconds: fields.ttl_cache_ttl,
    spool: camelCased(fields.spool),
  };
}

function storeUrl({ store, mongo_uri, mongo_host, mongo_port }: AnyConfig): string {
  if (store !== undefined) return store;
  if (mongo_uri !== undefined) return mongo_uri;
  if (mongo_host === undefined && mongo_port === undefined) return DEFAULT_STORE;
  return mongoUrlOf(mongo_host ?? 'localhost', mongo_port);
}

/** The URL that `mongo_host` and `mongo_port` mean. */
export function mongoUrlOf(host: string, port = 27_017): string {
  const safe = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `mongodb://${safe}:${port}/opq`;
}

/** Whether the file names a store; a triggering broker uses one only then. */
export function namesStore({ named }: Pick<ConfigFile, 'named'>): boolean {
  return ['store', 'mongo_uri', 'mongo_host', 'mongo_port'].some((field) => named.has(field));
}

function flagsOf({ flags }: ConfigOf['triggering-service']): FlagSettings {
  const { long_after_seconds, ...limits } = flags;
  return { ...camelCased(limits), longMs: 1000 * long_after_seconds };
}

/** Files of v2 and v3 say it in the settings of plugins alone: those hold where the file has no field of ours. */
function referenceOf(fields: ConfigOf['triggering-service']): Reference {
  const named = (name: string) =>
    fields.plugins.find(({ path }) => {
      const target = resolvePlugin(path);
      return target.kind === 'shipped' && target.name === name;
    });
  const { frequency, voltage } = referenceIn(named('threshold') ?? named('napali') ?? {});
  return {
    voltage: fields.nominal_voltage ?? voltage,
    frequency: fields.nominal_frequency ?? frequency,
  };
}

/** Each daemon's file has the times of what this daemon writes; measurements are not the broker's. */
function brokerRetention(fields: ConfigOf['acquisition-broker']): RetentionSettings {
  const events = fields.mongo_events_expiration_seconds;
  return {
    mode: fields.retention,
    measurementsSeconds: DAY_SECONDS,
    ...(events === undefined ? {} : { eventsSeconds: events }),
  };
}

function serviceRetention(fields: ConfigOf['triggering-service']): RetentionSettings {
  const trends = fields.mongo_trends_expiration_seconds;
  return {
    mode: fields.retention,
    measurementsSeconds: fields.mongo_measurement_expiration_seconds,
    ...(trends === undefined ? {} : { trendsSeconds: trends }),
  };
}

/**
 * v2 brokers took the keys of boxes from `opq_boxes` (of their `client_certs` they only checked that it is a folder), and a file does not say
 * which of the two its administrator keeps: without `white_list`, a file that names a store has both.
 */
function allowList({
  fields,
  named,
}: {
  fields: Exclude<AnyConfig, ConfigOf['analysis-service' | 'web-service' | 'gateway']>;
  named: ReadonlySet<string>;
}): AllowList {
  const { client_certs: directory } = fields;
  const source = fields.white_list ?? (directory !== undefined && namesStore({ named }) ? 'both' : undefined);
  if ('allow_any_client' in fields && fields.allow_any_client)
    return { any: true, store: false, ...(directory === undefined ? {} : { directory }) };
  const fromStore = source === 'store' || source === 'both' || source === true;
  const fromDirectory = source !== 'store' && source !== true && directory !== undefined;
  return { any: false, store: fromStore, ...(fromDirectory ? { directory } : {}) };
}

function serverKey(fields: BrokerFields, named: ReadonlySet<string>): ServerKey {
  if ('pub_key' in fields && fields.pub_key !== undefined && fields.sec_key !== undefined) {
    if (!named.has('server_cert')) return { publicKey: fields.pub_key, secretKey: fields.sec_key };
  }
  return { file: fields.server_cert };
}
