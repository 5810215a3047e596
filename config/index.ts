/** What other rooms use of config/. */
export { changedFields } from './changed.js';
export {
  type AllowList,
  allowListOf,
  namesStore,
  retentionOf,
  type ServerKey,
  serverKeyOf,
  storeUrl,
} from './derived.js';
export { type Finding, findingLine } from './findings.js';
export type {
  AcquisitionBrokerConfig,
  AnyConfig,
  ConfigOf,
  Kind,
  TriggeringBrokerConfig,
  TriggeringServiceConfig,
} from './kinds.js';
export { type Loaded, loadConfig } from './load.js';
export { isNamed, parseConfig, tryConfig } from './parse.js';
export { parseEndpoint, parseStatusEndpoint } from './types.js';
