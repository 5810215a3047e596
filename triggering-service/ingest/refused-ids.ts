/**
 * Ids that were used without right: no certificate names them, or the topic of the message was another one. Each is logged once and kept for
 * /status. Bounded: of more than `limit` the one longest silent is forgotten, and counted; so many lines a minute are logged.
 */
import type { Logger } from '../../common/log.js';
import { LogQuota } from '../../common/log-quota.js';

export const ID_REASONS = ['no certificate', 'topic is not the id'] as const;
export type IdReason = (typeof ID_REASONS)[number];

/** One id, with the names it has in /status. */
export interface RefusedId {
  /** the id inside the message */
  box_id: number;
  reason: IdReason;
  /** of the first message */
  topic: string;
  /** messages dropped */
  count: number;
  /** Unix ms */
  first_ms: number;
  /** Unix ms */
  last_ms: number;
}

const LIMIT = 1000;
const LOGGED_A_MINUTE = 20;
/** Bytes of a topic that are kept. */
const TOPIC_BYTES = 20;

export class RefusedIds {
  /** in order of the last message, oldest first */
  readonly #ids = new Map<number, RefusedId>();
  readonly #limit: number;
  readonly #log: Logger;
  readonly #quota: LogQuota;
  #forgotten = 0;

  constructor(log: Logger, limit: number = LIMIT) {
    this.#log = log;
    this.#limit = limit;
    this.#quota = new LogQuota(LOGGED_A_MINUTE, (ids) =>
      log.warn({ ids }, 'measurements were dropped under more ids than were logged'),
    );
  }

  /** One message was dropped. @param nowMs Unix ms */
  add(reason: IdReason, boxId: number, topic: Uint8Array, nowMs: number): void {
    const key = ID_REASONS.length * boxId + ID_REASONS.indexOf(reason);
    const before = this.#ids.get(key);
    if (before !== undefined) {
      before.count += 1;
      before.last_ms = nowMs;
      this.#ids.delete(key);
      this.#ids.set(key, before);
      return;
    }
    const shown = Buffer.from(topic.subarray(0, TOPIC_BYTES)).toString();
    this.#ids.set(key, { box_id: boxId, reason, topic: shown, count: 1, first_ms: nowMs, last_ms: nowMs });
    if (this.#ids.size > this.#limit) this.#forgetOldest();
    if (this.#quota.take()) {
      this.#log.warn({ boxId, topic: shown, reason }, 'measurements dropped; /status counts them by id');
    }
  }

  /** Takes out ids that have a certificate now. */
  forgetCertified(has: (boxId: number) => boolean): void {
    for (const [key, { box_id, reason }] of this.#ids) {
      if (reason === 'no certificate' && has(box_id)) this.#ids.delete(key);
    }
  }

  get size(): number {
    return this.#ids.size;
  }

  /** Ids forgotten because there were too many. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Newest first. */
  list(): RefusedId[] {
    return [...this.#ids.values()].reverse();
  }

  #forgetOldest(): void {
    const oldest = this.#ids.keys().next();
    if (oldest.done !== true) this.#ids.delete(oldest.value);
    this.#forgotten += 1;
  }
}
