/**
 * How many bytes of waveforms boxes may deliver in a day (UTC): each box, and all together. Without a bound a wrong calibration constant or a wrong
 * reference has a box deliver 2 GB a day. A window that is asked for is reserved with what its samples take, in the same turn in which it is found to fit: requests
 * that come together do not pass the budget together. When its request is over, the reservation goes, and what was stored counts. What boxes deliver that were not asked (a READ reaches every Box 2) counts for all together.
 */
import type { Clock } from '../../common/clock.js';
import type { TimeWindow } from '../../proto/index.js';

/** 12,000 samples a second of two bytes. */
const BYTES_PER_MS = 24;
const DAY_MS = 86_400_000;
/** Boxes whose bytes are counted each for itself; those of further ones count for all together. */
const MAX_BOXES = 100_000;

export type BudgetRefusal = 'waveform_budget_of_box' | 'waveform_budget_of_all';

export interface BudgetOptions {
  clock: Pick<Clock, 'now'>;
  /** bytes of one box in a day; 0: no bound */
  boxBytes: number;
  /** bytes of all together in a day; 0: no bound */
  totalBytes: number;
  /** a box was not asked because of its own budget, for the first time today; `untilMs` ms later the next day begins */
  boxUsedUp?: (boxId: number, untilMs: number) => void;
  /** the same for the budget of all together */
  allUsedUp?: (untilMs: number) => void;
}

interface BoxBytes {
  stored: number;
  reserved: number;
  refused: Record<BudgetRefusal, number>;
}

/** A box in `/status`. */
export interface BoxBudget {
  box_id: string;
  stored_bytes: number;
  reserved_bytes: number;
  /** windows not asked for because its own budget was used up */
  refused: number;
  /** because that of all boxes was */
  refused_for_all: number;
}

export interface BudgetStatus {
  /** UTC date of the counts */
  day: string;
  box_limit_bytes: number;
  total_limit_bytes: number;
  stored_bytes: number;
  /** of boxes that were not asked */
  unasked_bytes: number;
  reserved_bytes: number;
  refused: Record<BudgetRefusal, number>;
  /** boxes with a refusal today, those with most bytes first; at most 50 */
  boxes: BoxBudget[];
}

const LISTED = 50;

export class WaveformBudget {
  readonly #options: BudgetOptions;
  readonly #boxes = new Map<number, BoxBytes>();
  #day: number;
  #stored = 0;
  #unasked = 0;
  #reserved = 0;
  #refused: Record<BudgetRefusal, number> = noRefusals();

  constructor(options: BudgetOptions) {
    this.#options = options;
    this.#day = this.#today();
  }

  /** What the samples of a window take. */
  static bytesOf({ startMs, endMs }: TimeWindow): number {
    return BYTES_PER_MS * (endMs - startMs);
  }

  /** Reserves a window of a box where it fits. `release` must follow. @returns why it does not fit, counted */
  ask(boxId: number, window: TimeWindow): BudgetRefusal | undefined {
    this.#turn();
    const bytes = WaveformBudget.bytesOf(window);
    const { boxBytes, totalBytes } = this.#options;
    const box = this.#boxes.get(boxId);
    const used = box === undefined ? 0 : box.stored + box.reserved;
    const total = this.#stored + this.#unasked + this.#reserved;
    if (boxBytes > 0 && used + bytes > boxBytes) return this.#refuse(boxId, 'waveform_budget_of_box');
    if (totalBytes > 0 && total + bytes > totalBytes) return this.#refuse(boxId, 'waveform_budget_of_all');
    this.reserve([boxId], window);
    return undefined;
  }

  /** Whether what a box delivers unasked may still be stored. */
  get hasForUnasked(): boolean {
    this.#turn();
    const { totalBytes } = this.#options;
    return totalBytes === 0 || this.#stored + this.#unasked + this.#reserved < totalBytes;
  }

  /** A window is asked of boxes whether it fits or not: the last broker asked for it. `release` must follow. */
  reserve(boxIds: readonly number[], window: TimeWindow): void {
    this.#turn();
    const bytes = WaveformBudget.bytesOf(window);
    for (const boxId of boxIds) {
      this.#reserved += bytes;
      const box = this.#box(boxId);
      if (box !== undefined) box.reserved += bytes;
    }
  }

  /** The request for it is over. */
  release(boxIds: readonly number[], window: TimeWindow): void {
    const bytes = WaveformBudget.bytesOf(window);
    for (const boxId of boxIds) {
      this.#reserved = Math.max(0, this.#reserved - bytes);
      const box = this.#boxes.get(boxId);
      if (box !== undefined) box.reserved = Math.max(0, box.reserved - bytes);
    }
  }

  /** Samples of a box that was asked are stored. */
  stored(boxId: number, bytes: number): void {
    this.#turn();
    this.#stored += bytes;
    const box = this.#box(boxId);
    if (box !== undefined) box.stored += bytes;
  }

  /** A box delivered what it was not asked for. @param bytes as received */
  unasked(bytes: number): void {
    this.#turn();
    this.#unasked += bytes;
  }

  /** What a box has used today; undefined: nothing */
  of(boxId: number): BoxBudget | undefined {
    this.#turn();
    const box = this.#boxes.get(boxId);
    return box && listed(boxId, box);
  }

  status(): BudgetStatus {
    this.#turn();
    const { boxBytes, totalBytes } = this.#options;
    return {
      day: new Date(this.#day * DAY_MS).toISOString().slice(0, 10),
      box_limit_bytes: boxBytes,
      total_limit_bytes: totalBytes,
      stored_bytes: this.#stored,
      unasked_bytes: this.#unasked,
      reserved_bytes: this.#reserved,
      refused: { ...this.#refused },
      boxes: [...this.#boxes]
        .filter(([, { refused }]) => Object.values(refused).some((count) => count > 0))
        .sort(([, a], [, b]) => b.stored - a.stored)
        .slice(0, LISTED)
        .map(([boxId, box]) => listed(boxId, box)),
    };
  }

  #refuse(boxId: number, reason: BudgetRefusal): BudgetRefusal {
    const { allUsedUp, boxUsedUp, clock } = this.#options;
    const untilMs = (this.#day + 1) * DAY_MS - clock.now();
    this.#refused[reason] += 1;
    if (reason === 'waveform_budget_of_all' && this.#refused[reason] === 1) allUsedUp?.(untilMs);
    const box = this.#box(boxId);
    if (box === undefined) return reason;
    box.refused[reason] += 1;
    if (reason === 'waveform_budget_of_box' && box.refused[reason] === 1) boxUsedUp?.(boxId, untilMs);
    return reason;
  }

  #box(boxId: number): BoxBytes | undefined {
    const known = this.#boxes.get(boxId);
    if (known !== undefined || this.#boxes.size >= MAX_BOXES) return known;
    const box = { stored: 0, reserved: 0, refused: noRefusals() };
    this.#boxes.set(boxId, box);
    return box;
  }

  #today(): number {
    return Math.floor(this.#options.clock.now() / DAY_MS);
  }

  /** A new day: only reservations go over into it. */
  #turn(): void {
    const today = this.#today();
    if (today === this.#day) return;
    this.#day = today;
    this.#stored = 0;
    this.#unasked = 0;
    this.#refused = noRefusals();
    for (const [boxId, box] of this.#boxes) {
      if (box.reserved === 0) this.#boxes.delete(boxId);
      else this.#boxes.set(boxId, { stored: 0, reserved: box.reserved, refused: noRefusals() });
    }
  }
}

function listed(boxId: number, { stored, reserved, refused }: BoxBytes): BoxBudget {
  return {
    box_id: String(boxId),
    stored_bytes: stored,
    reserved_bytes: reserved,
    refused: refused.waveform_budget_of_box,
    refused_for_all: refused.waveform_budget_of_all,
  };
}

const noRefusals = (): Record<BudgetRefusal, number> => ({
  waveform_budget_of_box: 0,
  waveform_budget_of_all: 0,
});
