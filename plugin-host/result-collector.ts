/** Gathers the requests, incidents and values of a plugin in one call, within limits. */

import { TokenBucket } from '../common/token-bucket.js';
import type { EventRequest, PluginIncident, PluginValue } from '../plugins/sdk/plugin.js';
import {
  INCIDENT_BURST,
  INCIDENTS_PER_SECOND,
  MAX_BOX_IDS_PER_CALL,
  MAX_REQUESTS_PER_CALL,
  MAX_RESULTS_PER_CALL,
  REQUEST_BURST,
  REQUESTS_PER_SECOND,
  VALUE_BURST,
  VALUES_PER_SECOND,
} from './limits.js';
import { toEventRequest } from './request-shape.js';
import { kindOf, toIncident, toValue } from './result-shape.js';

export interface Collected {
  requests: EventRequest[];
  /** malformed requests, and the reason of the latest */
  refused: number;
  problem: string | undefined;
  incidents: PluginIncident[];
  values: PluginValue[];
  /** results beyond the limits, which were not read */
  surplus: number;
}

export class ResultCollector {
  readonly #bucket: TokenBucket;
  readonly #incidents: TokenBucket;
  readonly #values: TokenBucket;
  #collected: Collected = nothing();
  #boxIds = 0;

  constructor(
    bucket = new TokenBucket(REQUEST_BURST, REQUESTS_PER_SECOND),
    incidents = new TokenBucket(INCIDENT_BURST, INCIDENTS_PER_SECOND),
    values = new TokenBucket(VALUE_BURST, VALUES_PER_SECOND),
  ) {
    this.#bucket = bucket;
    this.#incidents = incidents;
    this.#values = values;
  }

  /** Takes results of any kind, as a member has returned them. */
  addResults(results: readonly unknown[]): void {
    const looked = Math.min(results.length, MAX_RESULTS_PER_CALL);
    this.#collected.surplus += results.length - looked;
    for (let i = 0; i < looked; i++) this.addResult(results[i]);
  }

  /** Takes one result of any kind. */
  addResult(result: unknown): void {
    const kind = kindOf(result);
    if (kind === 'request') {
      if (this.admit(1) === 1) this.add(result);
    } else if (typeof result === 'object' && result !== null) {
      this.#addOther(kind, result);
    }
  }

  #addOther(kind: 'incident' | 'value', result: object): void {
    const bucket = kind === 'incident' ? this.#incidents : this.#values;
    if (bucket.take() === 0) {
      this.#collected.surplus += 1;
      return;
    }
    const checked = kind === 'incident' ? toIncident(result) : toValue(result);
    if (typeof checked === 'string') this.#refuse(checked);
    else if (checked.kind === 'incident') this.#collected.incidents.push(checked);
    else this.#collected.values.push(checked);
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
      this.#refuse(problem);
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

  #refuse(problem: string): void {
    this.#collected.refused += 1;
    this.#collected.problem = problem;
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
  return { requests: [], incidents: [], values: [], refused: 0, problem: undefined, surplus: 0 };
}
