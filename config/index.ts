/** What other rooms use of config/. */
export { changedFields } from './changed.js';
export { type Finding, findingLine } from './findings.js';
export type { Kind } from './kinds.js';
export { type Loaded, loadConfig } from './load.js';
export { parseConfig, parseSettings, tryConfig } from './parse.js';
export type {
  AcquisitionBrokerSettings,
  AllowList,
  AnalysisServiceSettings,
  AnySettings,
  BridgeTopic,
  GatewaySettings,
  MqttServer,
  NatsRelaySettings,
  NatsServers,
  ServerKey,
  SettingsOf,
  TriggeringBrokerSettings,
  TriggeringServiceSettings,
  WebServiceSettings,
} from './settings.js';
export { parseEndpoint, parseStatusEndpoint } from './types.js';
