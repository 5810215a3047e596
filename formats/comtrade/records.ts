/** Memory for the records of one DAT after another. */
import { IS_LITTLE } from '../little-endian.js';
import type { TimeBase } from '../recording.js';

/** What all records of a DAT begin with follows from this: their numbers and timestamps. */
export interface Beginning {
  time: TimeBase;
  /** halves of a record */
  step: number;
  timeMultiplier: number;
}

export interface BegunRecords {
  halves: Uint16Array;
  /** numbers and timestamps are in the records */
  isBegun: boolean;
}

interface Kept {
  step: number;
  rateHz: number;
  startS: number;
  timeMultiplier: number;
  halves: Uint16Array;
  /** how many halves are begun records */
  begun: number;
}

/** Longer ones are rare, and not worth the memory: a minute of two boxes is 9 MB. */
const MAX_KEPT_HALVES = 2_097_152;

/**
 * The events of an export differ in their samples and in their length, not in what their records begin with: it stays in the memory from one event to the
 * next. What was taken before is overwritten.
 */
export class Records {
  #kept: Kept | undefined;

  /**
   * @param count records, all of which the caller begins where they are not begun
   * @returns undefined where the recording has several rates or none, or is long
   */
  take({ time, step, timeMultiplier }: Beginning, count: number): BegunRecords | undefined {
    const [section] = time.kind === 'rates' && time.sections.length === 1 ? time.sections : [];
    const length = step * count;
    if (time.kind !== 'rates' || section === undefined || length > MAX_KEPT_HALVES || !IS_LITTLE)
      return undefined;
    const { startS } = time;
    const { rateHz } = section;
    let kept = this.#kept;
    const fits =
      kept?.step === step &&
      kept.rateHz === rateHz &&
      kept.startS === startS &&
      kept.timeMultiplier === timeMultiplier;
    if (kept === undefined || kept.halves.length < length) {
      const halves = new Uint16Array(Math.min(MAX_KEPT_HALVES, 2 * length));
      kept = { step, rateHz, startS, timeMultiplier, halves, begun: 0 };
    } else if (!fits) kept = { ...kept, step, rateHz, startS, timeMultiplier, begun: 0 };
    const isBegun = length <= kept.begun;
    kept.begun = Math.max(kept.begun, length);
    this.#kept = kept;
    return { halves: kept.halves.subarray(0, length), isBegun };
  }
}
