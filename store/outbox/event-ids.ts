/** Event ids from the store, waited for while it is unavailable. Those asked for while a drawing is under way are drawn together. */
import { retry } from '../../common/backoff.js';
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { EventIds } from '../store.js';
import { BACK_OFF, helpsToRetry } from './policy.js';
import type { StoreHealth } from './store-health.js';

interface Waiting {
  count: number;
  resolve(ids: number[]): void;
  reject(error: unknown): void;
}

export interface EventIdSourceDeps {
  store: EventIds;
  health: StoreHealth;
  clock: Clock;
  log: Logger;
  /** aborted: the store is not waited for any more */
  giveUp: AbortSignal;
}

export class EventIdSource {
  readonly #deps: EventIdSourceDeps;
  #waiting: Waiting[] = [];
  #drawing = false;
  drawn = 0;

  constructor(deps: EventIdSourceDeps) {
    this.#deps = deps;
  }

  /** `count` ids, rising, in the order of asking. @throws what the store says when waiting does not help, or once nobody waits any more */
  next(count: number): Promise<number[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ count, resolve, reject });
      if (!this.#drawing) void this.#draw();
    });
  }

  async #draw(): Promise<void> {
    this.#drawing = true;
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      const total = waiting.reduce((sum, { count }) => sum + count, 0);
      try {
        const ids = await this.#fromStore(total);
        this.drawn += total;
        let from = 0;
        for (const { count, resolve } of waiting) {
          resolve(ids.slice(from, from + count));
          from += count;
        }
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#drawing = false;
  }

  #fromStore(count: number): Promise<number[]> {
    const { clock, giveUp, health, log, store } = this.#deps;
    return retry(() => health.timed('event_ids', () => store.nextEventIds(count)), {
      ...BACK_OFF,
      ...{ what: 'event ids', clock, log, signal: giveUp },
      helps: (error, failures) => helpsToRetry('while_unavailable', error, failures),
    });
  }
}
