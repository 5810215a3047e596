/**
 * Gives the incidents that all services have stored to the groups, by their rising ids. An id that was drawn and is not stored yet is looked for again; what is never
 * found here is found by the next service that is elected, which reads all incidents without a group first.
 */
import { someAtOnce } from '../../common/at-once.js';
import { type Clock, pause } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { IncidentDocument, IncidentReader, NewIds } from '../../store/store.js';

const LOOK_MS = 500;
const PAGE = 200;
/** Read again at the start: ids that are stored later than higher ones. */
const BACK = 200;
/** An id that is missing is looked for so long, so often, so many at a time. Whoever has drawn it stores it immediately, or not at all. */
const MISSING_MS = 600_000;
const MISSING_LOOK_MS = 5_000;
const MOST_MISSING = 1_000;
const READ_AT_ONCE = 8;

export interface StoredIncidentsOptions {
  store: NewIds & Pick<IncidentReader, 'incident'>;
  groups: { readonly isBehind: boolean; take(incident: IncidentDocument): void };
  clock: Clock;
  log: Logger;
}

export class StoredIncidents implements Running {
  readonly #options: StoredIncidentsOptions;
  readonly #log: ThrottledLog;
  readonly #stopping = new AbortController();
  /** by id, since when it is missing (monotonic ms) */
  readonly #missing = new Map<number, number>();
  #position: number | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: StoredIncidentsOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log, { clock: options.clock });
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let isMore = false;
      try {
        isMore = await this.#look();
      } catch (error) {
        this.#log.warn({ err: error, code: codeOf(error) }, 'incidents wait for their groups');
      }
      if (!isMore) await pause(clock, LOOK_MS, signal);
    }
  }

  /** @returns whether more waits. @throws what the store says */
  async #look(): Promise<boolean> {
    const { clock, groups, store } = this.#options;
    this.#position ??= Math.max(0, ((await store.highestId('incident')) ?? 0) - BACK);
    if (groups.isBehind) return false;
    const ids = await store.idsAfter('incident', this.#position, PAGE);
    const before = this.#position;
    await this.#take(ids);
    const last = ids.at(-1) ?? before;
    const present = new Set(ids);
    for (let id = Math.max(before + 1, last - MOST_MISSING); id < last; id += 1)
      if (!present.has(id)) this.#missing.set(id, clock.monotonic());
    this.#position = last;
    if (clock.monotonic() - this.#lookedMs >= MISSING_LOOK_MS) await this.#takeMissing();
    return ids.length === PAGE;
  }

  async #takeMissing(): Promise<void> {
    const { clock } = this.#options;
    this.#lookedMs = clock.monotonic();
    for (const [id, sinceMs] of this.#missing)
      if (clock.monotonic() - sinceMs > MISSING_MS || this.#missing.size > MOST_MISSING)
        this.#missing.delete(id);
    await this.#take([...this.#missing.keys()]);
  }

  async #take(ids: readonly number[]): Promise<void> {
    const { groups, store } = this.#options;
    const found: IncidentDocument[] = [];
    await someAtOnce(ids, READ_AT_ONCE, async (id) => {
      const incident = await store.incident(id);
      if (incident !== undefined) found.push(incident);
    });
    found.sort((a, b) => a.incident_id - b.incident_id);
    for (const incident of found) {
      this.#missing.delete(incident.incident_id);
      groups.take(incident);
    }
  }
}
