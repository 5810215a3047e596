/**
 * What the daemons run with: the fields of a file, resolved once (resolve.ts), so that no daemon asks again which of several fields wins, in
 * which unit a field is, or whether the file named it. The fields as they stand in the file are in `file`.
 */
import type { ConfigFile, ConfigOf, Kind } from './kinds.js';
import type { StatusEndpoint } from './types.js';

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
}

export interface TriggeringServiceSettings extends CommonSettings<'triggering-service'>, WriterSettings {
  /** which box ids may send: from a folder, the store, both, or neither, and then every id */
  readonly allow: AllowList;
  readonly triggerEndpoint: string;
  readonly acquisitionEndpoint: string;
  /** undefined: the brokers' sockets for services are plain */
  readonly backendCurve: { readonly serverKey: string; readonly cert: string } | undefined;
  readonly trendWindowMs: number;
  /** how long a window that was asked for is remembered */
  readonly requestMemoryMs: number;
  readonly plugins: ConfigOf['triggering-service']['plugins'];
  readonly pluginLimits: CamelCased<ConfigOf['triggering-service']['plugin_limits']>;
  readonly workers: number;
  readonly share: ConfigOf['triggering-service']['share'];
  readonly healthDocuments: boolean;
  readonly limits: CamelCased<ConfigOf['triggering-service']['limits']>;
}

/** What both daemons have that write to the store. */
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
}
export type AnySettings = SettingsOf[Kind];

type CamelCase<S extends string> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<CamelCase<B>>}` : S;
/** The same group of values under camelCase names. */
export type CamelCased<T> = { readonly [K in keyof T & string as CamelCase<K>]: T[K] };
