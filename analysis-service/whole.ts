/** What needs the incidents and the silence of all boxes, and so is done by one service at a time: groups and outages. */
import type { Clock } from '../common/clock.js';
import { type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { Turns } from '../common/turn.js';
import type { IncidentIds } from '../daemon/incident-ids.js';
import type { Store } from '../store/store.js';
import type { Clocks } from './clocks/clocks.js';
import { Groups } from './groups/groups.js';
import type { Notices } from './notices/notices.js';
import { Outages, type OutagesOptions } from './outages/outages.js';
import { StoredIncidents } from './sharing/stored-incidents.js';
import type { KnownBoxes } from './waveforms/references.js';

export interface WholeOptions {
  store: Store;
  boxes: KnownBoxes;
  clocks: Clocks;
  ids: IncidentIds;
  heard: OutagesOptions['heard'];
  turns: Turns;
  notices: Pick<Notices, 'incident' | 'group'>;
  /** where several services share the store: whether it is this one's work now */
  mayWrite?: () => boolean;
  clock: Clock;
  log: Logger;
}

export interface Whole extends Running {
  readonly groups: Groups;
  readonly outages: Outages;
}

export async function startWhole(options: WholeOptions): Promise<Whole> {
  const { boxes, clock, clocks, heard, ids, log, mayWrite, notices, store, turns } = options;
  const common = { store, boxes, clock, log, ...(mayWrite === undefined ? {} : { mayWrite }) };
  const isAnalysed = async (eventId: number, boxId: string): Promise<boolean> =>
    (await store.analysis(eventId, boxId)) !== undefined;
  const groups = new Groups({
    ...{ ...common, clocks, turns },
    ...(mayWrite === undefined ? {} : { isAnalysed }),
    onSettled: (group) => notices.group(group),
  });
  const outages = new Outages({
    ...{ ...common, ids, heard },
    onChanged: (incident) => notices.incident(incident),
  });
  const running = await startAll([
    { name: 'outages', start: async () => started(outages) },
    { name: 'groups', start: async () => started(groups) },
    ...(mayWrite === undefined
      ? []
      : [
          {
            name: 'incidents of all services',
            start: async () => started(new StoredIncidents({ store, groups, clock, log })),
          },
        ]),
  ]);
  return { groups, outages, stop: () => running.stop() };
}

function started<T extends Running & { start(): void }>(part: T): T {
  part.start();
  return part;
}
