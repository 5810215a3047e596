/**
 * Windows that wait to be computed from the store: each once, a little after it was first named, bounded. Those of one span of time come one after another, whatever
 * order they were named in: MongoDB computes a span for many boxes in one query.
 */
import type { WindowOf } from './windows.js';

export class DueWindows {
  readonly #limit: number;
  /** window → box → when it was named first since it was last taken */
  readonly #windows = new Map<number, Map<number, number>>();
  #size = 0;
  /** windows that did not fit */
  dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  add({ boxId, window }: WindowOf, clockMs: number): void {
    const boxes = this.#windows.get(window) ?? new Map<number, number>();
    if (boxes.has(boxId)) return;
    if (this.#size >= this.#limit) {
      this.dropped += 1;
      return;
    }
    this.#windows.set(window, boxes);
    boxes.set(boxId, clockMs);
    this.#size += 1;
  }

  /** Takes up to `count` windows that were named no later than `clockMs`. */
  take(count: number, clockMs: number): WindowOf[] {
    const taken: WindowOf[] = [];
    for (const [window, boxes] of this.#windows) {
      for (const [boxId, sinceMs] of boxes) {
        if (taken.length >= count) return taken;
        if (sinceMs > clockMs) continue;
        boxes.delete(boxId);
        this.#size -= 1;
        taken.push({ boxId, window });
      }
      if (boxes.size === 0) this.#windows.delete(window);
    }
    return taken;
  }
}
