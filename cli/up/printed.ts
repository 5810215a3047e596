/** What was printed already. `makai up` may run for weeks: only the newest are kept. */
import { RecentMap } from '../../common/recent-map.js';
import type { IncidentGroup } from '../../store/store.js';

/** Incidents and groups that are kept. What is published twice comes within seconds. */
export const MAX_KEPT = 1000;

/** Ids that were seen. */
export class Seen {
  readonly #ids = new RecentMap<number, true>(MAX_KEPT);

  /** Whether an id is seen for the first time. */
  isNew(id: number): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.set(id, true);
    return true;
  }
}

/** Sentences of groups. A group that an incident joined later is printed again only where that changes its sentence. */
export class Sentences {
  readonly #byGroup = new RecentMap<number, string>(MAX_KEPT);

  isNew({ group_id, sentence }: Pick<IncidentGroup, 'group_id' | 'sentence'>): boolean {
    if (this.#byGroup.get(group_id) === sentence) return false;
    this.#byGroup.set(group_id, sentence);
    return true;
  }
}
