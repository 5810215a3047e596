/**
 * What the store has besides boxes. Those that `makai import` made of recordings of other instruments: nothing connects under their ids, so a request that names one
 * leaves it out. Meters of the gateway: an event may be about one, but it has no waveforms.
 * Requests are not held up for the store: they are judged by what was read last, which is renewed in the background. A meter is older than that when it is first heard
 * (gateway/meters).
 */
import { FIRST_OTHER_ID } from '../../common/box-id.js';
import { type Clock, repeat } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { Access } from '../../keys/access.js';
import type { BoxKind, BoxReader } from '../../store/store.js';

/** After which the store's boxes are read again, ms. */
const LIFE_MS = 30_000;

export interface ImportedBoxesDeps {
  store: Pick<BoxReader, 'boxes'>;
  clock: Clock;
  log: Logger;
  /** a box that has one is no imported one: a device may connect as it, and the store is not read for it */
  certificates: Pick<Access, 'isKnown'>;
}

export class ImportedBoxes {
  readonly #deps: ImportedBoxesDeps;
  #ids: ReadonlySet<string> = new Set();
  #meters: ReadonlySet<string> = new Set();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #renewing: Running | undefined;

  constructor(deps: ImportedBoxesDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#renewing ??= repeat(() => this.refresh(), LIFE_MS, this.#deps.clock);
  }

  /** A reading that is under way is not waited for. */
  stop(): void {
    void this.#renewing?.stop();
  }

  /** Whether a box is an imported one, as far as that is known. */
  has(boxId: number): boolean {
    const { certificates, clock } = this.#deps;
    if (certificates.isKnown(String(boxId))) return false;
    if (clock.monotonic() - this.#readAt >= LIFE_MS) void this.refresh();
    return this.#ids.has(String(boxId));
  }

  /** Whether it is a meter, as far as that is known. */
  isMeter(boxId: number): boolean {
    return boxId >= FIRST_OTHER_ID && this.#meters.has(String(boxId));
  }

  /** Reads the boxes of the store; while it is unavailable, what was read before is kept. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { clock, log, store } = this.#deps;
    this.#readAt = clock.monotonic();
    try {
      const boxes = await store.boxes();
      const idsOf = (wanted: BoxKind): Set<string> =>
        new Set(boxes.filter(({ kind }) => kind === wanted).map(({ box_id }) => box_id));
      this.#ids = idsOf('import');
      this.#meters = idsOf('meter');
    } catch (error) {
      log.debug({ error: messageOf(error) }, 'imported boxes could not be read');
    }
  }
}
