/**
 * What the daemons run with: the fields of a file, resolved once (resolve.ts), so that no daemon asks again which of several fields wins, in
 * which unit a field is, or whether the file named it. The fields as they stand in the file are in `file`.
 */
import type { ConfigFile, ConfigOf, Kind } from './kinds.js';
import type { BridgeTopic, KafkaServers, MeterTopic, MqttServer, NatsServers } from './server-settings.js';
import type { StatusEndpoint } from './types.js';

export type * from './server-settings.js';

/** What all daemons have. */
export interface CommonSettings<K extends Kind> {
  readonly file: ConfigFile<K>;
  readonly logLevel: ConfigOf[K]['log_level'];
  /** `address` undefined: no status server. `isNamed`: the file names it, so that a port in use is an error */
  readonly status: { readonly address: StatusEndpoint | undefined; readonly isNamed: boolean };
  /** may hold a password: never log it whole */
  readonly storeUrl: string;
}

/** What both brokers have: who may connect, and as whom the broker stands there. */
export interface BrokerSettings {
  readonly allow: AllowList;
  readonly serverKey: ServerKey;
  /** file with the pair that is to follow */
  readonly serverCertNext: string | undefined;
  /** undefined: the sockets for services are plain */
  readonly backendCurve: { readonly serverCert: string; readonly clientCerts: string } | undefined;
}

export interface TriggeringBrokerSettings extends CommonSettings<'triggering-broker'>, BrokerSettings {
  readonly interface: string;
  readonly interfaceNext: string | undefined;
  readonly backend: string;
  readonly limits: CamelCased<ConfigOf['triggering-broker']['limits']>;
  /** undefined: the stream goes to subscribers only */
  readonly nats: NatsRelaySettings | undefined;
}

/** How an acquisition broker is one of several. */
export interface NatsBrokerSettings {
  readonly servers: NatsServers;
  /** NATS servers that keep the copy of an open request */
  readonly replicas: number;
}

/** The measurement stream in JetStream, and what waits for it on disk. */
export interface NatsRelaySettings extends NatsServers {
  readonly stream: { readonly replicas: number; readonly maxBytes: number; readonly maxAgeMs: number };
  readonly spool: CamelCased<NonNullable<ConfigOf['triggering-broker']['nats']>['spool']>;
}

/** Measurements for Kafka, and what waits for it on disk. */
export interface KafkaMeasurementSettings extends KafkaServers {
  readonly queue: { readonly path: string; readonly maxBytes: number };
}

export interface AcquisitionBrokerSettings
  extends CommonSettings<'acquisition-broker'>,
    BrokerSettings,
    WriterSettings {
  readonly boxPub: string;
  readonly boxPubNext: string | undefined;
  readonly boxPull: string;
  readonly boxPullNext: string | undefined;
  readonly backendPull: string;
  readonly backendPub: string;
  readonly eventEndpoint: string;
  readonly eventIdEndpoint: string;
  readonly limits: CamelCased<ConfigOf['acquisition-broker']['limits']>;
  /** whether the waveforms of boxes that were not asked are stored */
  readonly keepsUnasked: boolean;
  /** undefined: it is the only one */
  readonly nats: NatsBrokerSettings | undefined;
  /** above it the oldest waveforms are deleted; undefined: no limit */
  readonly storeMaxBytes: number | undefined;
  /** of SQLite; undefined: kept until the next upgrade */
  readonly storeSchemaCopyDays: number | undefined;
  /** bytes of waveforms in a day: of one box, of all; 0: no bound */
  readonly waveformBudget: { readonly boxBytes: number; readonly totalBytes: number };
}

export interface TriggeringServiceSettings extends CommonSettings<'triggering-service'>, WriterSettings {
  /** which box ids may send: from a folder, the store, both, or neither, and then every id */
  readonly allow: AllowList;
  /** where measurements come from: of each triggering broker */
  readonly triggerEndpoints: readonly string[];
  readonly acquisitionEndpoint: string;
  /** undefined: the brokers' sockets for services are plain */
  readonly backendCurve: { readonly serverKey: string; readonly cert: string } | undefined;
  /** when measurements are flagged: parts of the nominal voltage, ms */
  readonly flags: FlagSettings;
  readonly trendWindowMs: number;
  /** nominal voltage (V RMS) and frequency (Hz) of boxes of which the store says nothing */
  readonly reference: { readonly voltage: number; readonly frequency: number };
  /** how long a window that was asked for is remembered */
  readonly requestMemoryMs: number;
  /** how long a request of a plugin waits for those of other boxes */
  readonly mergeMs: number;
  readonly plugins: ConfigOf['triggering-service']['plugins'];
  /** whether plugins are restarted when their files change */
  readonly pluginReload: boolean;
  readonly pluginLimits: CamelCased<ConfigOf['triggering-service']['plugin_limits']>;
  /** undefined: the store gives ids to the incidents of plugins */
  readonly incidentIdEndpoint: string | undefined;
  readonly healthDocuments: boolean;
  /** undefined: the stream comes from the triggering broker */
  readonly nats: NatsServers | undefined;
  /** undefined: measurements do not go to Kafka */
  readonly kafka: KafkaMeasurementSettings | undefined;
  readonly limits: CamelCased<ConfigOf['triggering-service']['limits']>;
}

/** `FlagLimits` of stream/flags.ts. */
export interface FlagSettings {
  readonly sagBelow: number;
  readonly swellAbove: number;
  readonly interruptionBelow: number;
  readonly hysteresis: number;
  readonly longMs: number;
}

export interface AnalysisServiceSettings extends CommonSettings<'analysis-service'> {
  /** where measurements come from: of each triggering broker */
  readonly triggerEndpoints: readonly string[];
  /** notices of events */
  readonly dataEndpoint: string;
  /** undefined: the brokers' sockets for services are plain */
  readonly backendCurve: { readonly serverKey: string; readonly cert: string } | undefined;
  readonly incidentPub: string;
  readonly classifies: boolean;
  /** undefined: the store gives incident ids */
  readonly incidentIdEndpoint: string | undefined;
  /** nominal voltage (V RMS) and frequency (Hz) of boxes of which the store says nothing */
  readonly reference: { readonly voltage: number; readonly frequency: number };
  /** undefined: as many as the machine has cores, 4 at most */
  readonly workers: number | undefined;
  /** undefined: it is the only analysis service of its store */
  readonly nats: NatsServers | undefined;
  readonly retention: RetentionSettings;
  readonly lahaConfigSeconds: number;
}

export interface WebServiceSettings extends CommonSettings<'web-service'>, FollowerSettings {
  readonly listen: { readonly host: string; readonly port: number };
  /** false: whoever reaches it is an admin */
  readonly login: boolean;
  /** whether only this machine reaches `listen` */
  readonly isLoopback: boolean;
  /** PEM files */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly behindProxy: boolean;
  /** undefined: there is one analysis service */
  readonly nats: NatsServers | undefined;
  /** folder of public keys; undefined: keys are in the store */
  readonly clientCerts: string | undefined;
  readonly mapTiles: string | undefined;
  /** nominal voltage (V RMS) and frequency (Hz) of boxes of which the store says nothing */
  readonly reference: { readonly voltage: number; readonly frequency: number };
}

export interface MeterSettings {
  readonly topics: readonly MeterTopic[];
  readonly maxMeters: number;
  /** of the triggering broker */
  readonly interface: string;
  /** key files */
  readonly serverKey: string;
  readonly cert: string;
}

export interface GatewaySettings extends CommonSettings<'gateway'>, FollowerSettings {
  /** undefined: the embedded broker */
  readonly server: MqttServer | undefined;
  /** the embedded broker */
  readonly embedded: {
    readonly listen: { readonly host: string; readonly port: number };
    readonly isLoopback: boolean;
    /** false: whoever reaches it is an admin */
    readonly login: boolean;
    /** PEM files */
    readonly tls: { readonly cert: string; readonly key: string } | undefined;
  };
  /** discovery prefix of Home Assistant; undefined: boxes are not announced there */
  readonly homeAssistant: string | undefined;
  /** to a second broker */
  readonly bridge:
    | { readonly server: MqttServer; readonly topics: readonly BridgeTopic[]; readonly maxMessages: number }
    | undefined;
  /** undefined: no meters */
  readonly meters: MeterSettings | undefined;
  /** live measurements: of each box so many in a second, 0: none. `boxes` undefined: of all */
  readonly measurements: { readonly perSecond: number; readonly boxes: readonly string[] | undefined };
  /** undefined: it is the only gateway of its store */
  readonly nats: NatsServers | undefined;
  /** trends, events and incidents; undefined: they do not go to Kafka */
  readonly kafka: KafkaServers | undefined;
  /** folder of what outlives a restart */
  readonly state: string;
  readonly outbox: { readonly maxBytes: number; readonly measurements: number };
  /** address of the page, for links */
  readonly web: string;
  /** YAML file of recipients */
  readonly notify: string;
}

/** Of a service that follows the brokers, the analysis service and the store. */
export interface FollowerSettings {
  /** where measurements come from: of each triggering broker */
  readonly triggerEndpoints: readonly string[];
  readonly acquisitionEndpoint: string;
  /** notices of events */
  readonly dataEndpoint: string;
  readonly incidentEndpoint: string;
  /** undefined: the brokers' sockets for services are plain */
  readonly backendCurve: { readonly serverKey: string; readonly cert: string } | undefined;
  /** addresses of status servers that the file names, by daemon */
  readonly daemons: Partial<Readonly<Record<Kind, string>>>;
  readonly retention: RetentionSettings;
  readonly lahaConfigSeconds: number;
}

/** What the acquisition broker and the triggering service have, which write to the store what boxes send. */
export interface WriterSettings {
  /** names this instance */
  readonly identity: string;
  /** longest window that one request may ask for */
  readonly maxWindowMs: number;
  /** seconds between two traffic documents; 0: none */
  readonly trafficSeconds: number;
  readonly retention: RetentionSettings;
  /** seconds after which `laha_config` is read again */
  readonly lahaConfigSeconds: number;
  readonly spool: CamelCased<ConfigOf['triggering-service']['spool']>;
}

/** `Retention` of store/store.ts; a time that is not given means for good. */
export interface RetentionSettings {
  readonly mode: 'ttl' | 'laha';
  readonly measurementsSeconds: number;
  readonly trendsSeconds?: number;
  readonly eventsSeconds?: number;
  readonly incidentsSeconds?: number;
}

/**
 * Who may connect: keys from a folder, from the store, or both; from neither only in a triggering service, for which every id then passes.
 * `any`: everyone but the keys that the folder says are revoked, so the folder is named here too.
 */
export type AllowList =
  | { readonly any: true; readonly directory?: string; readonly store: false }
  | { readonly any: false; readonly directory?: string; readonly store: boolean };

/** Where the server's pair is: in a file, or (v3) in the configuration itself. A file that is named wins, as it did in v3. */
export type ServerKey =
  | { readonly file: string }
  | { readonly publicKey: string; readonly secretKey: string };

export interface SettingsOf {
  'triggering-broker': TriggeringBrokerSettings;
  'acquisition-broker': AcquisitionBrokerSettings;
  'triggering-service': TriggeringServiceSettings;
  'analysis-service': AnalysisServiceSettings;
  'web-service': WebServiceSettings;
  gateway: GatewaySettings;
}
export type AnySettings = SettingsOf[Kind];

type CamelCase<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<CamelCase<B>>}` : S;
/** The same group of values under camelCase names. */
export type CamelCased<T> = { readonly [K in keyof T & string as CamelCase<K>]: T[K] };
