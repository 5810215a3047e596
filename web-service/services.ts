/** What the handlers of operations work with. */
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import type { WebServiceSettings } from '../config/index.js';
import type { StoreLink } from '../daemon/store-link.js';
import type { Access } from './access/access.js';
import type { Boxes } from './boxes.js';
import type { Daemons } from './daemons/daemons.js';
import type { EventRequests } from './event-requests.js';
import type { Limits } from './limits.js';
import type { Live } from './live/live.js';

export interface Services {
  settings: WebServiceSettings;
  /** of `makai up`; undefined: the default configuration files */
  workingFolder: string | undefined;
  link: StoreLink;
  boxes: Boxes;
  daemons: Daemons;
  live: Live;
  access: Access;
  requests: EventRequests;
  limits: Limits;
  clock: Clock;
  log: Logger;
}
