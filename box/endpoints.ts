/** The endpoints that a box connects to, on the two brokers (docs/wire-protocols.md, 1). */

export interface BoxEndpoints {
  /** `interface` of the triggering broker, for measurements */
  measurements: string;
  /** `box_pub` of the acquisition broker, for commands */
  commands: string;
  /** `box_pull` of the acquisition broker, for replies and waveforms */
  replies: string;
}

export const DEFAULT_ENDPOINTS: BoxEndpoints = {
  measurements: 'tcp://127.0.0.1:9880',
  commands: 'tcp://127.0.0.1:8194',
  replies: 'tcp://127.0.0.1:8196',
};
