/**
 * Which events belong together: a deviation that lasts is asked for in parts, and each part says when the first one began. The family of an event is the id of
 * that first event of the same box, kind and client. A broker that was restarted finds it in the store.
 */
import { type Clock, deadline, systemClock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { RecentMap } from '../../common/recent-map.js';
import type { EventReader } from '../../store/store.js';

/** Families remembered, each for one box; the one not used for longest is forgotten. */
const MAX_REMEMBERED = 50_000;
/** Events that begin at the same ms, looked at in the store. */
const MAX_READ = 1000;
/** An event does not wait longer for its family than this, ms: boxes are asked after it. */
const READ_MS = 150;

/** What of a request for an event decides its family. */
interface Member {
  client: string;
  type: string;
  boxIds: readonly number[];
  window: { startMs: number };
  /** start of the first part, Unix ms; undefined: the client names no family */
  familyStartMs?: number | undefined;
}

export class Families {
  readonly #store: Pick<EventReader, 'events'>;
  readonly #log: Logger;
  readonly #clock: Clock;
  /** by client, type, start of the first window, and box */
  readonly #families = new RecentMap<string, Promise<number>>(MAX_REMEMBERED);

  constructor(store: Pick<EventReader, 'events'>, log: Logger, clock: Clock = systemClock) {
    this.#store = store;
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * The family of an event that is about to be stored: its own id where it is the first; undefined where the client names no family. Never
   * rejects: an event whose first one cannot be found begins a family. After a restart only box and type are compared, since events do not
   * say which client asked for them.
   */
  async familyOf(request: Member, eventId: number): Promise<number | undefined> {
    const { boxIds, client, familyStartMs, type, window } = request;
    if (familyStartMs === undefined || boxIds.length === 0) return undefined;
    const keys = boxIds.map((boxId) => `${client} ${type} ${familyStartMs} ${boxId}`);
    for (const key of keys) {
      const known = this.#families.get(key);
      if (known !== undefined) return this.#remember([key], known);
    }
    // Remembered before the store is asked, so that a part that comes meanwhile waits for the same reply.
    return this.#remember(
      keys,
      familyStartMs === window.startMs
        ? Promise.resolve(eventId)
        : this.#stored(familyStartMs, type, boxIds).then((stored) => stored ?? eventId),
    );
  }

  #remember(keys: readonly string[], family: Promise<number>): Promise<number> {
    for (const key of keys) this.#families.set(key, family);
    return family;
  }

  async #stored(startMs: number, type: string, boxIds: readonly number[]): Promise<number | undefined> {
    try {
      const late = () => new Error(`no reply within ${READ_MS} ms`);
      return await deadline(this.#read(startMs, type, boxIds), READ_MS, this.#clock, late);
    } catch (error) {
      this.#log.debug({ err: error }, 'the first event of a family could not be looked for');
      return undefined;
    }
  }

  async #read(startMs: number, type: string, boxIds: readonly number[]): Promise<number | undefined> {
    const wanted = new Set(boxIds.map(String));
    const range = { fromMs: startMs, toMs: startMs + 1, limit: MAX_READ };
    for await (const event of this.#store.events(range)) {
      if (event.type === type && event.boxes_triggered.some((boxId) => wanted.has(boxId)))
        return event.family ?? event.event_id;
    }
    return undefined;
  }
}
