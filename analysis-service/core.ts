/** What works on an open store: the follower of waveforms, groups, outages, the ten-minute values, and with `nats` what shares this with other services. */
import { availableParallelism } from 'node:os';
import type { Clock } from '../common/clock.js';
import { type Part, type Running, startAll } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { processName } from '../common/process-name.js';
import { Turn, Turns } from '../common/turn.js';
import type { AnalysisServiceSettings } from '../config/index.js';
import { idsFrom } from '../daemon/asked-incident-ids.js';
import { type IncidentIds, STORE_IDS } from '../daemon/incident-ids.js';
import { collectGarbage } from '../daemon/young-garbage.js';
import type { Store } from '../store/store.js';
import type { Write } from '../store/writes.js';
import type { HeardBrokers } from '../stream/brokers.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { Aggregates } from './aggregates/aggregates.js';
import { BoxClocks } from './clocks/box-clocks.js';
import type { Notices } from './notices/notices.js';
import { Heard } from './outages/heard.js';
import { watchSecondWriter } from './second-writer.js';
import type { Sharing } from './sharing/sharing.js';
import { analysesInThreads } from './waveforms/analyses.js';
import { Follower } from './waveforms/follower.js';
import { AnalysisPool } from './waveforms/pool.js';
import { KnownBoxes } from './waveforms/references.js';
import { startWhole, type Whole } from './whole.js';

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
  readonly heard: Heard;
  /** undefined: another service has it, or none yet */
  readonly whole: Whole | undefined;
}

export interface Core extends Running {
  readonly finders: Finders | undefined;
  readonly aggregates: Aggregates;
  readonly sharing: Sharing | undefined;
}

export async function startCore(deps: CoreDeps): Promise<Core> {
  const { clock, log, settings, store } = deps;
  const put = (write: Write) => store.apply(write);
  let found: ReturnType<typeof findersOf> | undefined;
  const sharing = await sharingOf(settings, () => found?.finders.heard.settled(), log);
  if (sharing !== undefined) deps.notices.also((topic, body) => sharing.notice(topic, body));
  const shared = sharing && { takes: (boxId: string) => sharing.takes(boxId) };
  const aggregates = new Aggregates({ store, put, ...shared, clock, log });
  found = settings.classifies ? findersOf(deps, sharing) : undefined;
  const running = await startAll([
    ...(sharing === undefined ? [] : [{ name: 'sharing', start: async () => sharing }]),
    { name: 'ten-minute values', start: async () => started(aggregates) },
    ...(found?.parts ?? []),
  ]);
  try {
    sharing?.start(
      {
        taken: () => aggregates.taken(),
        released: async (isOf) => found?.finders.follower.settled(isOf),
        elected: () => found?.turn(true),
        lost: () => found?.turn(false),
      },
      found !== undefined,
    );
  } catch (error) {
    await running.stop();
    throw error;
  }
  return { finders: found?.finders, aggregates, sharing, stop: () => running.stop() };
}

/** Nothing of NATS is loaded without its setting. */
async function sharingOf(
  { nats }: AnalysisServiceSettings,
  hears: () => HeardBrokers | undefined,
  log: Logger,
): Promise<Sharing | undefined> {
  if (nats === undefined) return undefined;
  const { Sharing } = await import('./sharing/sharing.js');
  return new Sharing({ servers: nats, service: processName(), hears, log });
}

function findersOf(
  { clock, curve, log, notices, settings, store }: CoreDeps,
  sharing: Sharing | undefined,
): {
  finders: Finders;
  parts: Part[];
  /** @param isElected whether this service looks after what needs all boxes */
  turn(isElected: boolean): void;
} {
  const size = settings.workers ?? Math.min(MOST_WORKERS, availableParallelism());
  const { incidentIdEndpoint, reference } = settings;
  // Ids of another service are asked by this thread, and so is whether a box is still this service's.
  const file = incidentIdEndpoint === undefined && sharing === undefined ? store.file : undefined;
  const pool = new AnalysisPool(size, clock, file && { store: file, reference });
  const ids: IncidentIds = incidentIdEndpoint === undefined ? STORE_IDS : idsFrom(incidentIdEndpoint);
  const boxes = new KnownBoxes(store, reference, clock);
  const turns = new Turns();
  const clocks = new BoxClocks(clock);
  const heard = new Heard(settings.triggerEndpoints, curve, clock, log, (boxId, frame) =>
    clocks.heard(boxId, frame),
  );
  let whole: Whole | undefined;
  const startIt = async (): Promise<void> => {
    whole = await startWhole({
      ...{ store, boxes, clocks, ids, heard, turns, notices, clock, log },
      ...(sharing === undefined ? {} : { mayWrite: () => sharing.isElected }),
    });
  };
  const stopIt = async (): Promise<void> => {
    const before = whole;
    whole = undefined;
    await before?.stop();
  };
  const wholeTurn = new Turn();
  let uncollected = 0;
  const follower = new Follower({
    ...{ store, pool, boxes, clocks, ids, clock, log, turns },
    ...(file === undefined ? {} : { analyses: analysesInThreads(pool, clocks) }),
    ...(sharing === undefined ? {} : { share: sharing, owns: (boxId: string) => sharing.owns(boxId) }),
    // While a thread analyses one, another is read for it, and the findings of another are written.
    atOnce: 2 * size,
    isBehind: () => sharing === undefined && whole?.groups.isBehind === true,
    onAnalysed: (eventId, { added, boxId, incidents }) => {
      for (const incident of added) notices.incident(incident);
      // Where several services find incidents, the groups read them from the store.
      if (sharing === undefined) whole?.groups.add(eventId, boxId, incidents);
      uncollected += 1;
      if (uncollected < WAVEFORMS_A_COLLECTION) return;
      uncollected = 0;
      collectGarbage();
    },
  });
  const parts: Part[] = [
    { name: 'threads', start: async () => pool },
    { name: 'incident ids', start: async () => ids },
    {
      name: 'other writers',
      start: async () => watchSecondWriter(store, incidentIdEndpoint !== undefined, { clock, log }),
    },
    { name: 'measurement stream', start: async () => heard },
    {
      name: 'groups and outages',
      start: async () => {
        if (sharing === undefined) await startIt();
        return { stop: () => wholeTurn.run(stopIt) };
      },
    },
    { name: 'waveforms', start: async () => started(follower) },
  ];
  const finders = {
    pool,
    follower,
    heard,
    get whole() {
      return whole;
    },
  };
  const turn = (isElected: boolean): void => {
    wholeTurn
      .run(isElected ? startIt : stopIt)
      .catch((error: unknown) => log.error({ err: error }, 'groups and outages could not be started'));
  };
  return { finders, parts, turn };
}

function started<T extends Running & { start(): void }>(part: T): T {
  part.start();
  return part;
}
