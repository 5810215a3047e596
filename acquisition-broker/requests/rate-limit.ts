/**
 * Requests per second and client. A PULL socket does not say who sent a message, so a client is who it says it is; a second limit
 * holds for all together, whatever names they use.
 */
import type { Clock } from '../../common/clock.js';
import { RecentMap } from '../../common/recent-map.js';
import { TokenBucket } from '../../common/token-bucket.js';

export interface RateLimitOptions {
  clock: Clock;
  /** requests per second that one client may keep up */
  perSecond: number;
  /** requests that one client may send in one burst */
  burst: number;
  /** all clients together: as many times that of one */
  totalFactor?: number;
  /** clients remembered; the one not heard for longest is forgotten */
  remembered?: number;
}

export class RateLimit {
  readonly #options: Required<RateLimitOptions>;
  readonly #clients: RecentMap<string, TokenBucket>;
  readonly #total: TokenBucket;

  constructor(options: RateLimitOptions) {
    this.#options = { totalFactor: 5, remembered: 1000, ...options };
    this.#clients = new RecentMap(this.#options.remembered);
    this.#total = this.#bucket(this.#options.totalFactor);
  }

  /** Whether one more request of this client may be taken now. */
  allows(client: string): boolean {
    const bucket = this.#clients.use(client, () => this.#bucket(1));
    if (bucket.waitMs() > 0 || this.#total.waitMs() > 0) return false;
    bucket.take();
    this.#total.take();
    return true;
  }

  #bucket(factor: number): TokenBucket {
    const { burst, clock, perSecond } = this.#options;
    return new TokenBucket(burst * factor, perSecond * factor, clock);
  }
}
