/**
 * Which windows each box was asked for recently: a window wholly inside them is not requested again.
 */

/** Windows remembered of one box; beyond that the oldest are forgotten, and would be requested again. */
const WINDOWS_PER_BOX = 64;

interface Asked {
  startMs: number;
  endMs: number;
  /** of a clock that never jumps */
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
    // Windows may overlap and come in any order: continue from the latest end reached, until no window extends it.
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

  /** A request that was not sent after all. */
  remove(boxId: number, startMs: number, endMs: number): void {
    const asked = this.#boxes.get(boxId);
    const at = asked?.findLastIndex((a) => a.startMs === startMs && a.endMs === endMs) ?? -1;
    if (at >= 0) asked?.splice(at, 1);
  }

  /** Forgets boxes whose windows are all too old; to be called about once a minute. */
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
