/**
 * Box ids that a sender may not use: no certificate names them, or the topic of the message was another id. Each is logged once and kept for
 * /status. Bounded: beyond `limit` the id that was silent longest is forgotten, and counted; at most 20 lines per minute are logged.
 */
import type { Logger } from '../../common/log.js';
import { RecentMap } from '../../common/recent-map.js';
import { ThrottledLog } from '../../common/throttled-log.js';

export const ID_REASONS = ['unknown_box', 'topic_mismatch'] as const;
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
const LINES_PER_MINUTE = 20;
/** Bytes of a topic that are kept. */
const TOPIC_BYTES = 20;

export class RefusedIds {
  /** in order of the last message, oldest first */
  readonly #ids: RecentMap<number, RefusedId>;
  readonly #log: ThrottledLog;

  constructor(log: Logger, limit: number = LIMIT) {
    this.#log = new ThrottledLog(log, { perMinute: LINES_PER_MINUTE });
    this.#ids = new RecentMap(limit);
  }

  /** One message was dropped. @param nowMs Unix ms */
  add(reason: IdReason, boxId: number, topic: Uint8Array, nowMs: number): void {
    const key = ID_REASONS.length * boxId + ID_REASONS.indexOf(reason);
    const before = this.#ids.get(key);
    if (before !== undefined) {
      before.count += 1;
      before.last_ms = nowMs;
      this.#ids.set(key, before);
      return;
    }
    const shown = Buffer.from(topic.subarray(0, TOPIC_BYTES)).toString();
    this.#ids.set(key, { box_id: boxId, reason, topic: shown, count: 1, first_ms: nowMs, last_ms: nowMs });
    this.#log.warn({ boxId, topic: shown, reason }, 'measurements dropped; /status counts them by id');
  }

  /** Removes ids that have a certificate now. */
  forgetKnown(ids: ReadonlySet<number>): void {
    for (const [key, { box_id, reason }] of this.#ids) {
      if (reason === 'unknown_box' && ids.has(box_id)) this.#ids.delete(key);
    }
  }

  get size(): number {
    return this.#ids.size;
  }

  /** Ids forgotten because there were too many. */
  get forgotten(): number {
    return this.#ids.forgotten;
  }

  /** Newest first. */
  list(): RefusedId[] {
    return [...this.#ids.values()].reverse();
  }
}
