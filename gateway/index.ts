/** What other rooms use of the gateway. */

export type { MeterHealth } from './meters/health.js';
export { type Gateway, type GatewayDeps, startGateway } from './start.js';
export type { GatewayStatus } from './status.js';
