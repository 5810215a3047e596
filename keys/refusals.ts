/**
 * Keys that were refused, so that an operator can approve one without copying it from the box (`makai keys pending`).
 * Bounded: of more than `limit` keys the one that was silent longest is forgotten, and counted.
 */
import { RecentMap } from '../common/recent-map.js';
import { z85Encode } from './z85.js';

export type RefusalReason = 'unknown' | 'revoked' | 'unavailable';

/** One refused key, with the names it has in status and in the file. */
export interface RefusedKey {
  /** Z85 */
  public_key: string;
  /** address of the last attempt */
  address: string;
  reason: RefusalReason;
  count: number;
  /** Unix ms */
  first_ms: number;
  /** Unix ms */
  last_ms: number;
}

const LIMIT = 1000;

export class Refusals {
  /** in order of the last refusal, oldest first */
  readonly #keys: RecentMap<string, RefusedKey>;
  readonly #now: () => number;
  #changes = 0;

  constructor(limit: number = LIMIT, now: () => number = Date.now) {
    this.#keys = new RecentMap(limit);
    this.#now = now;
  }

  /** @returns the entry of this key, whose count is 1 when it is new */
  add(key: Buffer, address: string, reason: RefusalReason): RefusedKey {
    const text = z85Encode(key);
    const now = this.#now();
    const before = this.#keys.get(text);
    const entry: RefusedKey = {
      public_key: text,
      address,
      reason,
      count: (before?.count ?? 0) + 1,
      first_ms: before?.first_ms ?? now,
      last_ms: now,
    };
    this.#keys.set(text, entry);
    this.#changes += 1;
    return entry;
  }

  /** Drops a key that was approved. */
  forget(key: Buffer): void {
    if (this.#keys.delete(z85Encode(key))) this.#changes += 1;
  }

  /** Newest first. */
  list(): RefusedKey[] {
    return [...this.#keys.values()].reverse();
  }

  /** Keys forgotten because there were too many. */
  get forgotten(): number {
    return this.#keys.forgotten;
  }

  /** Rises with every change. */
  get changes(): number {
    return this.#changes;
  }
}
