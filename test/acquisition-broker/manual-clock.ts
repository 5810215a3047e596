import type { Clock } from '../../common/clock.js';

/** A clock that stands still until a test moves it; what is due then happens in order. */
export class ManualClock implements Clock {
  #now: number;
  #passed = 0;
  #timers: { at: number; fn: () => void }[] = [];

  constructor(now = 1_795_315_200_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#passed;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#passed + Math.max(0, ms), fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets time pass. */
  advance(ms: number): void {
    const until = this.#passed + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#move(due.at - this.#passed);
      due.fn();
    }
    this.#move(until - this.#passed);
  }

  /** Sets the machine's clock: nothing becomes due by it. */
  jump(ms: number): void {
    this.#now += ms;
  }

  get timers(): number {
    return this.#timers.length;
  }

  #move(ms: number): void {
    this.#passed += ms;
    this.#now += ms;
  }
}
