/**
 * Which windows each box was asked for lately: what lies wholly inside them is not asked for again (architecture.md, "How data flows").
 */

/** Windows remembered of one box; of more, the oldest are forgotten, and would be asked for again. */
const WINDOWS_PER_BOX = 64;

interface Asked {
  startMs: number;
  endMs: number;
  /** by a clock that only goes forward */
  atMs: number;
}

export class AskedWindows {
  readonly #memoryMs: number;
  readonly #boxes = new Map<number, Asked[]>();

  /** @param memoryMs how long a window is remembered after it was asked for */
  constructor(memoryMs: number) {
    this.#memoryMs = memoryMs;
  }

  /** Whether the box was asked for all of the window, by one request or by several together. */
  covers(boxId: number, startMs: number, endMs: number, clockMs: number): boolean {
    const asked = this.#present(boxId, clockMs);
    // Windows may overlap and come in any order: go on from the furthest end reached, until no window takes it further.
    let reached = startMs;
    for (;;) {
      const next = asked.reduce((end, a) => (a.startMs <= reached && a.endMs > end ? a.endMs : end), reached);
      if (next >= endMs) return true;
      if (next === reached) return false;
      reached = next;
    }
  }

  add(boxId: number, startMs: number, endMs: number, clockMs: number): void {
    const asked = this.#present(boxId, clockMs);
    asked.push({ startMs, endMs, atMs: clockMs });
    if (asked.length > WINDOWS_PER_BOX) asked.shift();
    this.#boxes.set(boxId, asked);
  }

  /** A request that did not go out after all. */
  remove(boxId: number, startMs: number, endMs: number): void {
    const asked = this.#boxes.get(boxId);
    const at = asked?.findLastIndex((a) => a.startMs === startMs && a.endMs === endMs) ?? -1;
    if (at >= 0) asked?.splice(at, 1);
  }

  /** Forgets boxes whose windows are all too old; to be called now and then. */
  sweep(clockMs: number): void {
    for (const boxId of this.#boxes.keys()) {
      if (this.#present(boxId, clockMs).length === 0) this.#boxes.delete(boxId);
    }
  }

  get boxes(): number {
    return this.#boxes.size;
  }

  /** The windows of a box that are still remembered, in the order in which they were asked for. */
  #present(boxId: number, clockMs: number): Asked[] {
    const asked = this.#boxes.get(boxId);
    if (!asked) return [];
    const old = asked.findIndex((a) => clockMs - a.atMs < this.#memoryMs);
    asked.splice(0, old < 0 ? asked.length : old);
    return asked;
  }
}
