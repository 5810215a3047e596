/** What works on an open store: the follower of waveforms, groups, outages, and the ten-minute values. */
import { availableParallelism } from 'node:os';
import type { Clock } from '../common/clock.js';
import { type Part, type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Turns } from '../common/turn.js';
import type { AnalysisServiceSettings } from '../config/index.js';
import { idsFrom } from '../daemon/asked-incident-ids.js';
import { type IncidentIds, STORE_IDS } from '../daemon/incident-ids.js';
import { collectGarbage } from '../daemon/young-garbage.js';
import type { Store } from '../store/store.js';
import { applyOne, type Write } from '../store/writes.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { Aggregates } from './aggregates/aggregates.js';
import { BoxClocks } from './clocks/box-clocks.js';
import { Groups } from './groups/groups.js';
import type { Notices } from './notices/notices.js';
import { Heard } from './outages/heard.js';
import { Outages } from './outages/outages.js';
import { watchSecondWriter } from './second-writer.js';
import { analysesInThreads } from './waveforms/analyses.js';
import { Follower } from './waveforms/follower.js';
import { AnalysisPool } from './waveforms/pool.js';
import { KnownBoxes } from './waveforms/references.js';

/** Incidents of so many waveforms pass through the main thread from one collection of its garbage to the next. */
const WAVEFORMS_A_COLLECTION = 1_000;
/** More threads than this are of no use beside the daemons that the machine runs. */
const MOST_WORKERS = 4;

export interface CoreDeps {
  settings: AnalysisServiceSettings;
  store: Store;
  notices: Notices;
  /** keys for the brokers' sockets for services */
  curve: CurveClientOptions | undefined;
  clock: Clock;
  log: Logger;
}

/** What finds incidents; not there where `incidents` is `off`. */
export interface Finders {
  readonly pool: AnalysisPool;
  readonly follower: Follower;
  readonly groups: Groups;
  readonly outages: Outages;
}

export interface Core extends Running {
  readonly finders: Finders | undefined;
  readonly aggregates: Aggregates;
}

export async function startCore(deps: CoreDeps): Promise<Core> {
  const { clock, log, settings, store } = deps;
  const put = (write: Write) => applyOne(store, write);
  const aggregates = new Aggregates({ store, put, clock, log });
  const { finders, parts } = settings.classifies ? findersOf(deps) : { finders: undefined, parts: [] };
  const running = await startAll([
    { name: 'ten-minute values', start: async () => started(aggregates) },
    ...parts,
  ]);
  return { finders, aggregates, stop: () => running.stop() };
}

function findersOf({ clock, curve, log, notices, settings, store }: CoreDeps): {
  finders: Finders;
  parts: Part[];
} {
  const size = settings.workers ?? Math.min(MOST_WORKERS, availableParallelism());
  const { incidentIdEndpoint, reference } = settings;
  // Ids of another service are asked by this thread.
  const file = incidentIdEndpoint === undefined ? store.file : undefined;
  const pool = new AnalysisPool(size, clock, file && { store: file, reference });
  const ids: IncidentIds = incidentIdEndpoint === undefined ? STORE_IDS : idsFrom(incidentIdEndpoint);
  const boxes = new KnownBoxes(store, reference, clock);
  const turns = new Turns();
  const clocks = new BoxClocks(clock);
  const groups = new Groups({
    ...{ store, boxes, clocks, turns, clock, log },
    onSettled: (group) => notices.group(group),
  });
  let uncollected = 0;
  const follower = new Follower({
    ...{ store, pool, boxes, clocks, ids, clock, log, turns },
    ...(file === undefined ? {} : { analyses: analysesInThreads(pool, clocks) }),
    // While a thread analyses one, another is read for it, and the findings of another are written.
    atOnce: 2 * size,
    isBehind: () => groups.isBehind,
    onAnalysed: (eventId, { added, boxId, incidents }) => {
      for (const incident of added) notices.incident(incident);
      groups.add(eventId, boxId, incidents);
      uncollected += 1;
      if (uncollected < WAVEFORMS_A_COLLECTION) return;
      uncollected = 0;
      collectGarbage();
    },
  });
  const heard = new Heard(settings.triggerEndpoint, curve, clock, log, (boxId, frame) =>
    clocks.heard(boxId, frame),
  );
  const outages = new Outages({
    ...{ store, boxes, ids, heard, clock, log },
    onChanged: (incident) => notices.incident(incident),
  });
  const parts: Part[] = [
    { name: 'threads', start: async () => pool },
    { name: 'incident ids', start: async () => ids },
    {
      name: 'other writers',
      start: async () => watchSecondWriter(store, incidentIdEndpoint !== undefined, { clock, log }),
    },
    { name: 'measurement stream', start: async () => heard },
    { name: 'outages', start: async () => started(outages) },
    { name: 'groups', start: async () => started(groups) },
    { name: 'waveforms', start: async () => started(follower) },
  ];
  return { finders: { pool, follower, groups, outages }, parts };
}

function started<T extends Running & { start(): void }>(part: T): T {
  part.start();
  return part;
}
