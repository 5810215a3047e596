/**
 * Requests a second and client. A PULL socket does not tell who sent a message, so a client is who it says it is; a second limit
 * holds for all together, whatever names they use.
 */
import type { Clock } from '../../common/clock.js';

export interface RateLimitOptions {
  clock: Clock;
  /** requests a second that one client may keep up */
  perSecond: number;
  /** requests that one client may send at once */
  burst: number;
  /** all clients together: as many times that of one */
  clientsInAll?: number;
  /** clients remembered; the one not heard for longest is forgotten */
  remembered?: number;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

export class RateLimit {
  readonly #options: Required<RateLimitOptions>;
  readonly #buckets = new Map<string, Bucket>();
  readonly #all: Bucket;

  constructor(options: RateLimitOptions) {
    this.#options = { clientsInAll: 5, remembered: 1000, ...options };
    this.#all = this.#full(this.#options.clientsInAll);
  }

  /** Whether one more request of this client may be taken now. */
  allows(client: string): boolean {
    const { clientsInAll, remembered } = this.#options;
    const bucket = this.#buckets.get(client) ?? this.#full(1);
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > remembered) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    this.#fill(bucket, 1);
    this.#fill(this.#all, clientsInAll);
    if (bucket.tokens < 1 || this.#all.tokens < 1) return false;
    bucket.tokens -= 1;
    this.#all.tokens -= 1;
    return true;
  }

  #full(times: number): Bucket {
    return { tokens: this.#options.burst * times, filledAt: this.#options.clock.monotonic() };
  }

  #fill(bucket: Bucket, times: number): void {
    const { burst, clock, perSecond } = this.#options;
    const now = clock.monotonic();
    const gained = ((now - bucket.filledAt) / 1000) * perSecond * times;
    bucket.tokens = Math.min(burst * times, bucket.tokens + gained);
    bucket.filledAt = now;
  }
}
