/** A clock that a test moves. */
import type { Clock } from '../../common/clock.js';

export class ManualClock implements Clock {
  ms = 1000;
  readonly #timers: { at: number; fn: () => void }[] = [];
  now = (): number => this.ms;
  monotonic = (): number => this.ms;
  after = (ms: number, fn: () => void): (() => void) => {
    const timer = { at: this.ms + ms, fn };
    this.#timers.push(timer);
    return () => void this.#timers.splice(this.#timers.indexOf(timer), 1);
  };
  async pass(ms: number): Promise<void> {
    const end = this.ms + ms;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.ms = next.at;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      next.fn();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.ms = end;
  }
}
