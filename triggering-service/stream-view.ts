/** What status and metrics see of the stream: counts of one intake in the main thread, or of several in workers. */
import type { BoxHealth } from './box-health/record.js';
import type { BoxTotals } from './ingest/box-table.js';
import type { Intake } from './ingest/intake.js';
import type { RefusedId, RefusedIds } from './ingest/refused-ids.js';

export interface StreamTotals {
  messages: number;
  bytes: number;
  /** measurements accepted */
  accepted: number;
}

/** One worker, as `makai status` shows it. */
export interface WorkerRow {
  worker: number;
  boxes: number;
  messages: number;
  measurements: number;
  /** messages of other workers' boxes, received because their topic begins like one of ours */
  foreign: number;
  /** prefixes of topics it has subscribed to */
  subscriptions: number;
}

/** Ids that their senders may not use: how many are remembered, how many were forgotten, and the newest. */
export interface RefusedView {
  known: number;
  forgotten: number;
  newest: RefusedId[];
}

/** Refused ids that are listed one by one. */
export const LISTED_REFUSED = 50;

export function refusedView(ids: RefusedIds): RefusedView {
  return { known: ids.size, forgotten: ids.forgotten, newest: ids.list().slice(0, LISTED_REFUSED) };
}

export interface StreamView {
  readonly totals: StreamTotals;
  /** boxes that are known, and those heard since some time, Unix ms */
  readonly known: number;
  heardSince(ms: number): number;
  boxes(): Iterable<BoxTotals>;
  /** messages that were dropped, by reason */
  dropped(): Record<string, number>;
  /** ids that their senders may not use */
  refused(): RefusedView;
  /** measurements that plugins did not see, because their id is in use twice */
  readonly withheld: number;
  /** the health of the boxes that are known. @param boxId only this one */
  health(boxId?: number): Promise<BoxHealth[]>;
  /** empty when the main thread receives the stream */
  workers(): WorkerRow[];
}

export function viewOf(intake: Intake): StreamView {
  const { boxes, health, refusedIds, rejections } = intake;
  return {
    get totals() {
      return intake.totals;
    },
    get known() {
      return boxes.size;
    },
    heardSince: (ms) => boxes.heardSince(ms),
    boxes: () => boxes.totals(),
    dropped: () => rejections.totals(),
    refused: () => refusedView(refusedIds),
    get withheld() {
      return health.withheldMeasurements;
    },
    health: async (boxId) => [...health.records(boxId)],
    workers: () => [],
  };
}
