/** What a group of incidents is when it settles: which boxes, how far it reaches, its deepest incident, one sentence. */
import { someAtOnce } from '../../common/at-once.js';
import type { Clock } from '../../common/clock.js';
import type { IncidentDocument, IncidentGroup, Store } from '../../store/store.js';
import type { Clocks } from '../clocks/clocks.js';
import { sharedRegion } from '../regions.js';
import type { KnownBoxes } from '../waveforms/references.js';
import type { AnalysedBoxes } from './analysed-boxes.js';
import { eventsOf, farthest, type GroupedIncident, type OpenGroup } from './grouping.js';
import { neighboursOf } from './neighbours.js';
import { groupSentence } from './sentence.js';

export interface SummaryDeps {
  store: Pick<Store, 'event' | 'incident'> & Parameters<typeof neighboursOf>[2];
  boxes: Pick<KnownBoxes, 'of' | 'regions'>;
  clocks: Pick<Clocks, 'of'>;
  analysed: AnalysedBoxes;
  /** left out: `analysed` knows all by itself */
  isAnalysed?: (eventId: number, boxId: string) => Promise<boolean>;
  clock: Clock;
}

/** Measurements live a day: of an older disturbance nothing is known of boxes without a waveform. */
const MEASURED_MS = 24 * 3_600_000;
const BOXES_AT_ONCE = 8;

/** @returns undefined: none of its incidents is stored any more. @throws what the store says */
export async function summaryOf(group: OpenGroup, deps: SummaryDeps): Promise<IncidentGroup | undefined> {
  const { analysed, boxes, clock, clocks, store } = deps;
  const incidents = [...group.incidents.values()].sort((a, b) => a.incidentId - b.incidentId);
  const deepest = await deepestOf(incidents, store);
  const [lowest] = incidents;
  if (deepest === undefined || lowest === undefined) return undefined;
  const affected = new Set(incidents.map(({ boxId }) => boxId));
  for (const eventId of eventsOf(group)) await learn(eventId, deps);
  const withWaveform = new Set([
    ...affected,
    ...[...eventsOf(group)].flatMap((eventId) => [...(analysed.of(eventId) ?? [])]),
  ]);
  const isRecent = clock.now() - group.endMs < MEASURED_MS;
  const neighbours = !isRecent
    ? []
    : await neighboursOf(group, withWaveform, store, {
        reference: async (boxId) => (await boxes.of(boxId)).reference,
        clock: (boxId) => clocks.of(boxId, { ourMs: group.startMs }),
      });
  const heard = withWaveform.size + neighbours.length;
  const others = neighbours.filter((one) => one.affected).map(({ boxId }) => boxId);
  const ids = [...affected, ...others].sort(byNumber);
  const starts = incidents.map(({ startMs }) => startMs);
  const depths = incidents.map(({ depth }) => depth);
  const first = incidents.reduce((a, b) => (b.startMs < a.startMs ? b : a));
  return {
    group_id: lowest.incidentId,
    ...(await scopeOf(ids, heard, boxes)),
    incident_ids: incidents.map(({ incidentId }) => incidentId),
    box_ids: ids,
    boxes_heard: heard,
    first_box: first.boxId,
    deepest_box: deepest.box_id,
    spread_ms: Math.max(...starts) - Math.min(...starts),
    spread_depth: Number((Math.max(...depths) - Math.min(...depths)).toPrecision(4)),
    from_measurements: others.sort(byNumber),
    sentence: groupSentence({ incident: deepest, affected: ids.length, heard }),
  };
}

/** Where other services analyse waveforms too: of which boxes they have. */
async function learn(eventId: number, { analysed, isAnalysed, store }: SummaryDeps): Promise<void> {
  if (isAnalysed === undefined) return;
  const received = (await store.event(eventId))?.boxes_received ?? [];
  await someAtOnce(received, BOXES_AT_ONCE, async (boxId) => {
    await analysed.has(eventId, boxId, true);
  });
}

/** The incident that lies farthest off, of those that are still stored. */
async function deepestOf(
  incidents: readonly GroupedIncident[],
  store: SummaryDeps['store'],
): Promise<IncidentDocument | undefined> {
  const left = new Set(incidents);
  for (let one = farthest(incidents); one !== undefined; one = farthest([...left])) {
    const document = await store.incident(one.incidentId);
    if (document !== undefined) return document;
    left.delete(one);
  }
  return undefined;
}

async function scopeOf(
  ids: readonly string[],
  heard: number,
  boxes: SummaryDeps['boxes'],
): Promise<Pick<IncidentGroup, 'scope' | 'region'>> {
  if (ids.length === 1) return { scope: 'box' };
  const locations = new Set<string | undefined>();
  for (const boxId of ids) locations.add((await boxes.of(boxId)).box?.location);
  if (locations.size === 1 && !locations.has(undefined)) return { scope: 'location' };
  if (ids.length === heard) return { scope: 'all' };
  const region = sharedRegion([...locations], await boxes.regions());
  return { scope: 'region', ...(region === undefined ? {} : { region }) };
}

const byNumber = (a: string, b: string): number => Number(a) - Number(b);
