/** Gathers the requests of a plugin in one call, within limits. */

import { TokenBucket } from '../common/token-bucket.js';
import type { EventRequest } from '../plugins/sdk/plugin.js';
import { MAX_BOX_IDS_PER_CALL, MAX_REQUESTS_PER_CALL, REQUEST_BURST, REQUESTS_PER_SECOND } from './limits.js';
import { toEventRequest } from './request-shape.js';

export interface Collected {
  requests: EventRequest[];
  /** malformed requests, and the reason of the latest */
  refused: number;
  problem: string | undefined;
  /** requests beyond the limits, which were not read */
  surplus: number;
}

export class RequestCollector {
  readonly #bucket: TokenBucket;
  #collected: Collected = nothing();
  #boxIds = 0;

  constructor(bucket = new TokenBucket(REQUEST_BURST, REQUESTS_PER_SECOND)) {
    this.#bucket = bucket;
  }

  /**
   * How many of `count` requests will be read; the others count as surplus. Callers ask first, so that a flood costs nothing.
   */
  admit(count: number): number {
    const capacity = Math.max(0, MAX_REQUESTS_PER_CALL - this.#collected.requests.length);
    const admitted = this.#bucket.take(Math.min(count, capacity));
    this.#collected.surplus += count - admitted;
    return admitted;
  }

  /** Takes one request that was admitted. */
  add(value: unknown): void {
    const request = toEventRequest(value);
    const problem = typeof request === 'string' ? request : this.#tooManyBoxes(request);
    if (problem !== undefined) {
      this.#collected.refused += 1;
      this.#collected.problem = problem;
    } else if (typeof request !== 'string') {
      this.#collected.requests.push(request);
    }
  }

  /** The requests since the last call of `take`. */
  take(): Collected {
    const collected = this.#collected;
    this.#collected = nothing();
    this.#boxIds = 0;
    return collected;
  }

  #tooManyBoxes(request: EventRequest): string | undefined {
    if (this.#boxIds + request.boxIds.length > MAX_BOX_IDS_PER_CALL) {
      return `the requests of one call name more than ${MAX_BOX_IDS_PER_CALL} boxes`;
    }
    this.#boxIds += request.boxIds.length;
    return undefined;
  }
}

function nothing(): Collected {
  return { requests: [], refused: 0, problem: undefined, surplus: 0 };
}
