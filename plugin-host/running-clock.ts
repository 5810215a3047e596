/** A clock that stands still while this process does, so that a plugin is not held to time in which nothing ran. */

/** A longer gap between two looks means that this process did not run. */
const LONGEST_GAP_MS = 500;

export class RunningClock {
  #ms = 0;
  #lookedMs = performance.now();

  /** To be asked several times a second. @returns ms since it was made */
  look(): number {
    const now = performance.now();
    this.#ms += Math.min(now - this.#lookedMs, LONGEST_GAP_MS);
    this.#lookedMs = now;
    return this.#ms;
  }
}
