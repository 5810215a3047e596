/**
 * What the replies of each box say about its health: when it replied last, requests that it left without a reply, and its clock. A box that
 * was asked several times for minutes and sent no reply of any kind has the finding NO_REPLIES until it sends one. Bounded: the box that was
 * noted longest ago is forgotten.
 */
import type { Clock } from '../../common/clock.js';
import { clockOffset } from '../../common/clock-offset.js';
import { RecentMap } from '../../common/recent-map.js';
import type { BoxFindings } from '../../daemon/box-findings.js';

const MAX_BOXES = 20_000;
/** Requests in a row, and since when. */
const MISSED = 3;
const MISSED_MS = 2 * 60_000;
const OFFSETS = 32;

interface Known {
  replies: number;
  lastMs: number | undefined;
  missed: number;
  /** requests without a reply since the last reply, and when the first of them was given up */
  inARow: number;
  firstMissedMs: number;
  /** the box's time minus ours, the newest last, ms */
  offsets: number[];
}

/** With the names that it has in `makai boxes health`. */
export interface BoxReplies {
  replies: number;
  /** Unix ms */
  last_reply_ms?: number;
  /** requests given up without a reply, since the start; and since its last reply */
  missed: number;
  missed_in_a_row: number;
  /** from the time in its replies: box time minus our time, median and spread (the middle four fifths) */
  clock_offset_ms?: number;
  clock_spread_ms?: number;
}

export class RepliesOfBoxes {
  readonly #clock: Clock;
  readonly #findings: Pick<BoxFindings, 'apply' | 'end'>;
  readonly #boxes = new RecentMap<number, Known>(MAX_BOXES);

  constructor(clock: Clock, findings: Pick<BoxFindings, 'apply' | 'end'>) {
    this.#clock = clock;
    this.#findings = findings;
  }

  /** A reply of any kind came. @param timeMs the box's clock when it replied; undefined: the reply does not say */
  replied(boxId: number, timeMs: number | undefined): void {
    const nowMs = this.#clock.now();
    const known = this.#of(boxId);
    known.replies += 1;
    known.lastMs = nowMs;
    known.inARow = 0;
    if (timeMs !== undefined) {
      known.offsets.push(timeMs - nowMs);
      if (known.offsets.length > OFFSETS) known.offsets.shift();
    }
    this.#findings.end(boxId, 'NO_REPLIES', nowMs);
  }

  /** A request was given up without a reply of this box. */
  missed(boxId: number): void {
    const nowMs = this.#clock.now();
    const known = this.#of(boxId);
    known.missed += 1;
    known.inARow += 1;
    if (known.inARow === 1) known.firstMissedMs = nowMs;
    if (known.inARow < MISSED || nowMs - known.firstMissedMs < MISSED_MS) return;
    const last =
      known.lastMs === undefined
        ? 'none since our start'
        : `the last at ${new Date(known.lastMs).toISOString()}`;
    const info = `${known.inARow} requests without a reply; replies: ${last}`;
    this.#findings.apply([{ boxId, finding: { code: 'NO_REPLIES', since_ms: known.firstMissedMs, info } }]);
  }

  /** @param only this box */
  list(only?: number): Map<number, BoxReplies> {
    const all = new Map<number, BoxReplies>();
    for (const [boxId, { inARow, lastMs, missed, offsets, replies }] of this.#boxes) {
      if (only !== undefined && boxId !== only) continue;
      const { medianMs, spreadMs } = clockOffset(offsets);
      all.set(boxId, {
        replies,
        ...(lastMs === undefined ? {} : { last_reply_ms: lastMs }),
        missed,
        missed_in_a_row: inARow,
        ...(offsets.length === 0 ? {} : { clock_offset_ms: medianMs, clock_spread_ms: spreadMs }),
      });
    }
    return all;
  }

  #of(boxId: number): Known {
    return this.#boxes.use(boxId, () => ({
      replies: 0,
      lastMs: undefined,
      missed: 0,
      inARow: 0,
      firstMissedMs: 0,
      offsets: [],
    }));
  }
}
