/**
 * Incidents of plugins that get their ids from the existing analysis service (`incident_id_endpoint`). They wait while it does not reply, so many at most: an incident without an
 * id of that service would get one from the store that the service gives again.
 */

import { retry } from '../common/backoff.js';
import { type Clock, systemClock } from '../common/clock.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Rejections } from '../common/rejections.js';
import { Turn } from '../common/turn.js';
import { type IncidentIds, STORE_IDS } from '../daemon/incident-ids.js';
import type { IncidentWithSamples } from '../store/store.js';

const MOST_WAITING = 1_000;
const PAUSES = { firstMs: 250, maxMs: 10_000 };

export interface NumberedIncidentsOptions {
  ids: IncidentIds;
  log: Logger;
  rejections: Rejections;
  /** called with each incident in order, once it has its id */
  put: (finding: IncidentWithSamples) => void;
  clock?: Clock;
}

export class NumberedIncidents implements Running {
  readonly #options: NumberedIncidentsOptions;
  readonly #turn = new Turn();
  readonly #stopping = new AbortController();
  #waiting = 0;
  /** while stopping: nobody replies */
  #gaveUp = false;

  constructor(options: NumberedIncidentsOptions) {
    this.#options = options;
  }

  add(finding: IncidentWithSamples): void {
    const { ids, put } = this.#options;
    if (ids === STORE_IDS) put(finding);
    else if (this.#waiting >= MOST_WAITING) this.#drop(finding);
    else {
      this.#waiting += 1;
      void this.#turn.run(() => this.#number(finding));
    }
  }

  /** What still waits is dropped and counted, as the service that gives the ids is not there. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#turn.run(() => this.#options.ids.stop());
  }

  async #number(finding: IncidentWithSamples): Promise<void> {
    const { clock = systemClock, ids, log, put } = this.#options;
    const { signal } = this.#stopping;
    try {
      if (this.#gaveUp) throw new Error('nobody replies');
      const numbered = await retry(() => ids.number([finding]), {
        ...{ ...PAUSES, clock, log, signal, what: 'ask for the id of an incident' },
        helps: () => !signal.aborted,
      });
      for (const one of numbered) put(one);
    } catch {
      // retry has logged why.
      this.#gaveUp = true;
      this.#drop(finding);
    } finally {
      this.#waiting -= 1;
    }
  }

  #drop({ incident }: IncidentWithSamples): void {
    this.#options.rejections.count('incident_without_id', incident.box_id);
  }
}
