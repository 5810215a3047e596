/** What the handlers of client requests work with. */
import type { Clock } from '../../common/clock.js';
import type { EventIntake } from '../events/intake.js';
import type { TokenEvents } from '../events/tokens.js';
import type { RateLimit } from './rate-limit.js';
import type { CommandRouter } from './router.js';

export interface RequestContext {
  clock: Clock;
  rate: RateLimit;
  intake: EventIntake;
  tokens: TokenEvents;
  router: CommandRouter;
  maxWindowMs: number;
}

/** Why a request is dropped, a fixed word of ours; undefined when it was taken. */
export type Refusal = string | undefined;

/** The last check of each request, so that only sound ones count. */
export function checkRate(rate: RateLimit, client: string): Refusal {
  return rate.allows(client) ? undefined : 'too_many_requests';
}
