/**
 * When what is written now expires (docs/data-model.md, "Retention modes"). `ttl`: by the date `expireAt`, times from our
 * configuration. `laha`: by `expire_at` alone, times from the document `laha_config` where it has them, read again every `ttl_cache_ttl` seconds.
 */
import type { Long } from 'mongodb';
import {
  FOREVER_SECONDS,
  INCIDENT_SECONDS,
  type LahaConfigDocument,
  type Retention,
} from '../../documents.js';
import { int64 } from '../fields/bson.js';

export type Kind = 'measurements' | 'trends' | 'events' | 'incidents';

/** The expiry fields of one document. */
export interface ExpiryFields {
  expire_at: Long;
  expireAt?: Date;
}

export class Expiry {
  readonly mode: Retention['mode'];
  readonly #retention: Retention;
  readonly #laha: () => Promise<LahaConfigDocument | undefined>;

  /** @param laha reads `laha_config` through its cache; not called in mode `ttl` */
  constructor(retention: Retention, laha: () => Promise<LahaConfigDocument | undefined>) {
    this.mode = retention.mode;
    this.#retention = retention;
    this.#laha = laha;
  }

  /** Seconds that documents of this kind live, or undefined for good. */
  async seconds(kind: Kind): Promise<number | undefined> {
    const configured = this.#configured(kind);
    if (this.mode === 'ttl') return configured;
    return (await this.#laha())?.ttls[kind] ?? configured;
  }

  /** @param acceptedAtMs Unix ms: expiry counts from here, not from the time of the data */
  async fields(kind: Kind, acceptedAtMs: number): Promise<ExpiryFields> {
    const seconds = await this.seconds(kind);
    if (seconds === undefined) return { expire_at: int64(FOREVER_SECONDS) };
    // Rounded up: nothing is kept for less than its time.
    const expire_at = int64(Math.ceil(acceptedAtMs / 1000) + seconds);
    if (this.mode === 'laha') return { expire_at };
    return { expire_at, expireAt: new Date(acceptedAtMs + seconds * 1000) };
  }

  /** Fields of what expires at a given time. In mode `ttl` the server deletes by the date `expireAt`, which says the same as `expire_at`. */
  stored(expireAt: number): ExpiryFields {
    const dated = this.mode === 'ttl' && expireAt < FOREVER_SECONDS;
    return { expire_at: int64(expireAt), ...(dated ? { expireAt: new Date(expireAt * 1000) } : {}) };
  }

  #configured(kind: Kind): number | undefined {
    if (kind === 'measurements') return this.#retention.measurementsSeconds;
    if (kind === 'incidents') return this.#retention.incidentsSeconds ?? INCIDENT_SECONDS;
    return kind === 'trends' ? this.#retention.trendsSeconds : this.#retention.eventsSeconds;
  }
}
