/** Stored incidents that no follower of this service has found: left without a group by a service that was stopped or is not the elected one any more, or found by others. */
import { ANALYSIS_SOURCE } from '../../store/incidents.js';
import type { IncidentQuery, Store } from '../../store/store.js';
import { type GroupedIncident, type OpenGroup, slim } from './grouping.js';

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

/** The clocks of most boxes are right to less than this, ms. */
const AROUND_MS = 1_000;
/** No incident of a waveform is longer, ms. */
const LONGEST_MS = 600_000;

/**
 * Reads the incidents that lie where a group does, with and without a group; some of them belong to it. One whose box has a clock that is further off may be missing.
 * @throws what the store says
 */
export async function readOthers(
  store: Pick<Store, 'incidents'>,
  { endMs, kind, startMs }: Pick<OpenGroup, 'startMs' | 'endMs' | 'kind'>,
): Promise<GroupedIncident[]> {
  const fromMs = startMs - AROUND_MS;
  const query = { fromMs: fromMs - LONGEST_MS, endsFromMs: fromMs, toMs: endMs + AROUND_MS };
  const found: GroupedIncident[] = [];
  for await (const incident of store.incidents(query)) {
    if (incident.source !== ANALYSIS_SOURCE || incident.event_id < 0) continue;
    const one = slim(incident);
    if (one.kind === kind) found.push(one);
  }
  return found;
}
