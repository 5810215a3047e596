/** Every case of the fault suite, in the order in which they run. */
import type { FaultCase } from '../case.js';
import { ACCESS } from './access.js';
import { ANALYSIS } from './analysis.js';
import { BACKUPS } from './backups.js';
import { CLOCK } from './clock.js';
import { CLUSTER } from './cluster.js';
import { DISK } from './disk.js';
import { DURABLE } from './durable.js';
import { GATEWAY } from './gateway.js';
import { HOSTILE } from './hostile.js';
import { KILLS } from './kills.js';
import { NETWORK } from './network.js';
import { RESTARTS } from './restarts.js';

export const CASES: readonly FaultCase[] = [
  ...ACCESS,
  ...KILLS,
  ...ANALYSIS,
  ...GATEWAY,
  ...RESTARTS,
  ...DURABLE,
  ...BACKUPS,
  ...DISK,
  ...CLOCK,
  ...HOSTILE,
  ...NETWORK,
  ...CLUSTER,
];
