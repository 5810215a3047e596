/** Where a box connects to: the box-facing sockets of the two brokers (docs/wire-protocols.md, 1). */

export interface BoxEndpoints {
  /** triggering broker `interface`: measurements go there */
  measurements: string;
  /** acquisition broker `box_pub`: commands come from there */
  commands: string;
  /** acquisition broker `box_pull`: replies and waveforms go there */
  replies: string;
}

export const DEFAULT_ENDPOINTS: BoxEndpoints = {
  measurements: 'tcp://127.0.0.1:9880',
  commands: 'tcp://127.0.0.1:8194',
  replies: 'tcp://127.0.0.1:8196',
};
