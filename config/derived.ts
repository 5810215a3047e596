/** What several fields say together: store URL, retention, allow-list, server key. */
import type { AcquisitionBrokerConfig, AnyConfig, TriggeringBrokerConfig } from './kinds.js';
import { isNamed } from './parse.js';

export const DEFAULT_STORE = 'sqlite:/var/lib/opq/makai.db';

type StoreFields = Pick<AnyConfig, 'store' | 'mongo_uri' | 'mongo_host' | 'mongo_port'>;

/** URL of the store: `store`, else `mongo_uri`, else `mongo_host` and `mongo_port`, else SQLite. May hold a password: never log it whole. */
export function storeUrl(config: StoreFields): string {
  if (config.store !== undefined) return config.store;
  if (config.mongo_uri !== undefined) return config.mongo_uri;
  if (config.mongo_host !== undefined || config.mongo_port !== undefined) {
    const host = config.mongo_host ?? 'localhost';
    const safe = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
    return `mongodb://${safe}:${config.mongo_port ?? 27_017}/opq`;
  }
  return DEFAULT_STORE;
}

/** Whether the file says anything of a store; a triggering broker needs one only then. */
export function namesStore(config: StoreFields): boolean {
  return [config.store, config.mongo_uri, config.mongo_host, config.mongo_port].some(
    (value) => value !== undefined,
  );
}

/** `Retention` of store/store.ts; a time that is not given means for good. */
export function retentionOf(config: {
  readonly retention: 'ttl' | 'laha';
  readonly mongo_measurement_expiration_seconds: number;
  readonly mongo_trends_expiration_seconds?: number | undefined;
  readonly mongo_events_expiration_seconds?: number | undefined;
}) {
  const trends = config.mongo_trends_expiration_seconds;
  const events = config.mongo_events_expiration_seconds;
  return {
    mode: config.retention,
    measurementsSeconds: config.mongo_measurement_expiration_seconds,
    ...(trends === undefined ? {} : { trendsSeconds: trends }),
    ...(events === undefined ? {} : { eventsSeconds: events }),
  };
}

/**
 * Who may enter: keys from a folder, from the store, or both; from neither only in a triggering service, for which every id then passes.
 * `any`: everyone but the keys that the folder says are revoked, so the folder is named here too.
 */
export type AllowList =
  | { any: true; directory?: string; store: false }
  | { any: false; directory?: string; store: boolean };

type AccessFields = Pick<TriggeringBrokerConfig, 'client_certs' | 'white_list'> & {
  readonly allow_any_client?: boolean;
};

export function allowListOf(config: AccessFields): AllowList {
  const { white_list: source, client_certs: directory } = config;
  if (config.allow_any_client === true)
    return { any: true, store: false, ...(directory === undefined ? {} : { directory }) };
  const fromStore = source === 'store' || source === 'both' || source === true;
  const fromDirectory = source !== 'store' && source !== true && directory !== undefined;
  return { any: false, store: fromStore, ...(fromDirectory ? { directory } : {}) };
}

/** Where the server's pair is: in a file, or (2020) in the configuration itself. A file that is named wins, as it did in 2020. */
export type ServerKey = { file: string } | { publicKey: string; secretKey: string };

export function serverKeyOf(config: TriggeringBrokerConfig | AcquisitionBrokerConfig): ServerKey {
  if ('pub_key' in config && config.pub_key !== undefined && config.sec_key !== undefined) {
    if (!isNamed(config, 'server_cert')) return { publicKey: config.pub_key, secretKey: config.sec_key };
  }
  return { file: config.server_cert };
}
