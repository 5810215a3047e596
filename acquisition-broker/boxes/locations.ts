/** The location of each box, from the store, cached for a while: it is written into every box event. */

import type { Clock } from '../../common/clock.js';
import { locationOf } from '../../store/boxes.js';
import type { BoxReader } from '../../store/store.js';

export class Locations {
  readonly #store: Pick<BoxReader, 'box'>;
  readonly #clock: Clock;
  readonly #lifeMs: number;
  readonly #limit: number;
  readonly #known = new Map<string, { location: string; readAt: number }>();

  /**
   * @param lifeMs after which a location is read again
   * @param limit  how many boxes are kept; the one read first is forgotten
   */
  constructor(store: Pick<BoxReader, 'box'>, clock: Clock, lifeMs: number, limit: number) {
    this.#store = store;
    this.#clock = clock;
    this.#lifeMs = lifeMs;
    this.#limit = limit;
  }

  /** The location slug of a box, "unknown" when it has none. When the store is unavailable, the last known one. */
  async of(boxId: string): Promise<string> {
    const known = this.#known.get(boxId);
    if (known !== undefined && this.#clock.monotonic() - known.readAt < this.#lifeMs) return known.location;
    try {
      const location = locationOf(await this.#store.box(boxId));
      this.#known.delete(boxId);
      this.#known.set(boxId, { location, readAt: this.#clock.monotonic() });
      this.#forgetOldest();
      return location;
    } catch (error) {
      if (known !== undefined) return known.location;
      throw error;
    }
  }

  #forgetOldest(): void {
    if (this.#known.size <= this.#limit) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}
