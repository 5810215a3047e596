/** From the fields of a file to the settings of its daemon: which of several fields wins, units, endpoints. */
import { deepFreeze } from './freeze.js';
import type { AnyConfig, ConfigFile, ConfigOf, Kind } from './kinds.js';
import type {
  AllowList,
  BrokerSettings,
  CamelCased,
  CommonSettings,
  RetentionSettings,
  ServerKey,
  SettingsOf,
  WriterSettings,
} from './settings.js';
import { DAY_SECONDS } from './shared-fields.js';
import { parseStatusEndpoint } from './types.js';

/** The store where no field names one: SQLite, in the folder that the units own. */
export const DEFAULT_STORE = 'sqlite:/var/lib/opq/makai.db';

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
      limits: camelCased(fields.limits),
    };
  },
  'triggering-service': (file) => {
    const { fields } = file;
    return {
      ...common(file),
      ...writer(fields, serviceRetention(fields)),
      allow: allowList(fields),
      triggerEndpoint: fields.zmq_trigger_endpoint,
      acquisitionEndpoint: fields.zmq_acquisition_endpoint,
      backendCurve: fields.backend_curve && camelCased(fields.backend_curve),
      trendWindowMs: 1000 * fields.mongo_trends_update_interval_seconds,
      requestMemoryMs: fields.event_request_expiration_window_ms,
      plugins: fields.plugins,
      pluginLimits: camelCased(fields.plugin_limits),
      workers: fields.workers,
      share: fields.share,
      healthDocuments: fields.health_documents,
      limits: camelCased(fields.limits),
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
    allow: allowList(fields),
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
  const host = mongo_host ?? 'localhost';
  const safe = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `mongodb://${safe}:${mongo_port ?? 27_017}/opq`;
}

/** Whether the file names a store; a triggering broker uses one only then. */
export function namesStore({ named }: ConfigFile): boolean {
  return ['store', 'mongo_uri', 'mongo_host', 'mongo_port'].some((field) => named.has(field));
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

function allowList(fields: AnyConfig): AllowList {
  const { white_list: source, client_certs: directory } = fields;
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

function camelCased<T extends object>(group: T): CamelCased<T> {
  const entries = Object.entries(group).map(([name, value]) => [
    name.replaceAll(/_(.)/g, (_match, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(entries) as CamelCased<T>; // what CamelCase does to the names
}
