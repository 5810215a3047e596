/** What a service that was stopped, or is not the elected one any more, left without a group. */
import { ANALYSIS_SOURCE } from '../../store/incidents.js';
import type { IncidentQuery, Store } from '../../store/store.js';
import { type GroupedIncident, slim } from './grouping.js';

/** Looked for so far back: a month of backlog, and some days. */
const UNGROUPED_MS = 35 * 86_400_000;
const MOST_UNGROUPED = 10_000;

/**
 * Reads incidents without a group, the newest of them, and those of the last minutes, whose groups they may belong to.
 * @param found gets them; it has those that were read when this throws
 * @throws what the store says
 */
export async function readUngrouped(
  store: Pick<Store, 'incidents'>,
  recentMs: number,
  found: GroupedIncident[],
): Promise<void> {
  const read = async (query: IncidentQuery, most: number): Promise<void> => {
    let ours = 0;
    for await (const incident of store.incidents(query)) {
      if (incident.source !== ANALYSIS_SOURCE || incident.event_id < 0) continue;
      found.push(slim(incident));
      ours += 1;
      if (ours >= most) return;
    }
  };
  await read({ fromMs: recentMs }, Number.POSITIVE_INFINITY);
  const before = { fromMs: recentMs - UNGROUPED_MS, toMs: recentMs };
  await read({ ...before, isGrouped: false, descending: true }, MOST_UNGROUPED);
}
