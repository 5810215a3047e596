/** Windows that wait to be computed from the store: each once, oldest first, a little after it was last named, bounded. */
import type { WindowOf } from './windows.js';

export class DueWindows {
  readonly #limit: number;
  /** box and window → when it was named first since it was last taken; in that order */
  readonly #since = new Map<string, { of: WindowOf; sinceMs: number }>();
  /** windows that did not fit */
  dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#since.size;
  }

  add(of: WindowOf, clockMs: number): void {
    const key = `${of.boxId}/${of.window}`;
    if (this.#since.has(key)) return;
    if (this.#since.size >= this.#limit) this.dropped += 1;
    else this.#since.set(key, { of, sinceMs: clockMs });
  }

  /** Takes up to `count` windows that were named no later than `clockMs`. */
  take(count: number, clockMs: number): WindowOf[] {
    const taken: WindowOf[] = [];
    for (const [key, { of, sinceMs }] of this.#since) {
      if (taken.length >= count || sinceMs > clockMs) break;
      this.#since.delete(key);
      taken.push(of);
    }
    return taken;
  }
}
