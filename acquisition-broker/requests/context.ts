/** What the handlers of client requests work with. */
import type { Rejections } from '../../common/rejections.js';
import type { Clock } from '../clock.js';
import type { EventIntake } from '../events/intake.js';
import type { TokenEvents } from '../events/tokens.js';
import type { CommandRouter } from './router.js';
import type { RateLimit } from './rate-limit.js';

export interface RequestContext {
  clock: Clock;
  rejections: Rejections;
  rate: RateLimit;
  intake: EventIntake;
  tokens: TokenEvents;
  router: CommandRouter;
  maxWindowMs: number;
}
