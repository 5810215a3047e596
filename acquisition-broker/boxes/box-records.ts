/** The record of each box, from the store, cached for a moment: its location and calibration constant are written into every box event. */

import type { Clock } from '../../common/clock.js';
import { RecentMap } from '../../common/recent-map.js';
import type { BoxDocument, BoxReader, Maintenance } from '../../store/store.js';

type BoxStore = Pick<BoxReader, 'box'> & Pick<Maintenance, 'state'>;

export class BoxRecords {
  readonly #store: BoxStore;
  readonly #clock: Clock;
  readonly #lifeMs: number;
  readonly #known: RecentMap<string, { box: BoxDocument | undefined; readAt: number }>;

  /**
   * @param lifeMs after which a record is read again
   * @param limit  how many boxes are kept; the one read first is forgotten
   */
  constructor(store: BoxStore, clock: Clock, lifeMs: number, limit: number) {
    this.#store = store;
    this.#clock = clock;
    this.#lifeMs = lifeMs;
    this.#known = new RecentMap(limit);
  }

  /** The record of a box; undefined when it has none. When the store is unavailable, the last known one. */
  async of(boxId: string): Promise<BoxDocument | undefined> {
    const known = this.#known.get(boxId);
    if (known !== undefined && this.#clock.monotonic() - known.readAt < this.#lifeMs) return known.box;
    try {
      const wasAvailable = this.#store.state().available;
      const box = await this.#store.box(boxId);
      // While the database is unavailable a spool does not know a box that it never saw: asked again with the next waveform.
      if (box === undefined && !(wasAvailable && this.#store.state().available)) return known?.box;
      this.#known.set(boxId, { box, readAt: this.#clock.monotonic() });
      return box;
    } catch (error) {
      if (known !== undefined) return known.box;
      throw error;
    }
  }
}
