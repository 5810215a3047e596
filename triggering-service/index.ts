/** What other rooms use of the triggering service. */
export {
  startTriggeringService,
  type TriggeringService,
  type TriggeringServiceDeps,
} from './start.js';
export type { TriggeringServiceStatus } from './status.js';
