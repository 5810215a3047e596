/** What is known of the store from what it was given: writes, and the drawing of event ids. */
import type { WriteKind } from '../writes.js';

export type Timed = WriteKind | 'event_ids';

export class StoreHealth {
  /** what the store did not take, tried again or not */
  failures = 0;
  /** false from a write that failed to the next one that did not */
  isTaking = true;
  /** called with the time of each write that was taken */
  onTimed: (seconds: number, kind: Timed) => void = () => undefined;

  /** @param startMs of `performance.now()` */
  took(startMs: number, kind: Timed): void {
    this.isTaking = true;
    this.onTimed((performance.now() - startMs) / 1000, kind);
  }

  failed(): void {
    this.isTaking = false;
    this.failures += 1;
  }

  /** Runs `work` and notes how long it took, and whether the store took it. */
  async timed<T>(kind: Timed, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      const result = await work();
      this.took(start, kind);
      return result;
    } catch (error) {
      this.failed();
      throw error;
    }
  }
}
