/** How fast a store grows, from looks at its size in the last hours. */

const HOUR_MS = 3_600_000;
/** Older looks are forgotten: growth of yesterday says little about tomorrow. */
const REMEMBERED_MS = 6 * HOUR_MS;
/** A shorter time says nothing: one event with many boxes would look like a full disk tomorrow. */
const SHORTEST_MS = HOUR_MS;
/** Between two looks that are remembered. */
const STEP_MS = 5 * 60_000;

export class Growth {
  readonly #looks: { atMs: number; bytes: number }[] = [];

  /**
   * @param atMs of a monotonic clock
   * @param bytes what the store would hold if nothing had been deleted to make it smaller
   * @returns bytes per ms; undefined while it has not been looked at for an hour
   */
  look(atMs: number, bytes: number): number | undefined {
    const last = this.#looks.at(-1);
    if (last === undefined || atMs - last.atMs >= STEP_MS) this.#looks.push({ atMs, bytes });
    while ((this.#looks[1]?.atMs ?? atMs) <= atMs - REMEMBERED_MS) this.#looks.shift();
    const first = this.#looks[0];
    if (first === undefined || atMs - first.atMs < SHORTEST_MS) return undefined;
    return (bytes - first.bytes) / (atMs - first.atMs);
  }
}
