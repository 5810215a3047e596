/** What the rest of the service sees of the stream: counts of one intake in the main thread, or of several in workers. */
import type { BoxTotals } from './ingest/box-table.js';
import type { RefusedId, RefusedIds } from './ingest/refused-ids.js';
import type { Intake } from './intake.js';

export interface StreamTotals {
  messages: number;
  bytes: number;
  /** measurements taken */
  taken: number;
}

/** One worker, as `makai status` shows it. */
export interface WorkerRow {
  worker: number;
  boxes: number;
  messages: number;
  measurements: number;
  /** messages that came because their topic begins like one of ours */
  foreign: number;
  /** prefixes of topics it has subscribed to */
  subscriptions: number;
}

/** Ids that were used without right: those that are not forgotten, how many were, and the newest of them. */
export interface RefusedView {
  known: number;
  forgotten: number;
  newest: RefusedId[];
}

/** Refused ids that are told one by one. */
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
  /** messages that were not taken, by reason */
  dropped(): Record<string, number>;
  /** ids that were used without right */
  refused(): RefusedView;
  /** none when the stream is taken in in the main thread */
  workers(): WorkerRow[];
}

export function viewOf({ boxes, ingest, rejections, refusedIds }: Intake): StreamView {
  return {
    get totals() {
      return ingest.totals;
    },
    get known() {
      return boxes.size;
    },
    heardSince: (ms) => boxes.heardSince(ms),
    boxes: () => boxes.totals(),
    dropped: () => rejections.totals(),
    refused: () => refusedView(refusedIds),
    workers: () => [],
  };
}
