/** When a finding of a box begins and ends: a condition has to hold for a while, and to be gone for a while. */
import type { BoxFinding, BoxFindingCode, FindingChange } from '../../common/box-findings.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Boxes are looked at so often. */
export const EVALUATE_MS = 10 * SECOND;
/** A condition that was missed at one look lasts on. */
const LAPSE_MS = 1.5 * EVALUATE_MS;

/** How long a condition must hold before the finding begins, and be gone before it ends. */
const TIMES: Partial<Record<BoxFindingCode, { beginMs: number; endMs: number }>> = {
  ID_IN_USE_TWICE: { beginMs: 30 * SECOND, endMs: 5 * MINUTE },
  CLOCK_STOPPED: { beginMs: 0, endMs: 30 * SECOND },
  CLOCK_OFFSET: { beginMs: 0, endMs: MINUTE },
  CLOCK_STEPPED: { beginMs: 0, endMs: 10 * MINUTE },
  RATE: { beginMs: 3 * MINUTE, endMs: 3 * MINUTE },
  NOISY_INPUT: { beginMs: 0, endMs: 5 * MINUTE },
  UNPLUGGED_BUT_SENDING: { beginMs: MINUTE, endMs: MINUTE },
};
const OTHER = { beginMs: 0, endMs: MINUTE };

interface Condition {
  sinceMs: number;
  lastMs: number;
  finding: BoxFinding | undefined;
}

/** The conditions of one box. */
export class Conditions {
  readonly #conditions = new Map<BoxFindingCode, Condition>();

  get findings(): BoxFinding[] {
    return [...this.#conditions.values()].flatMap(({ finding }) => (finding === undefined ? [] : [finding]));
  }

  has(code: BoxFindingCode): boolean {
    return this.#conditions.get(code)?.finding !== undefined;
  }

  /**
   * @param info what to say of the box where the condition holds now; undefined: it does not hold
   * @returns the finding that began or ended by this
   */
  set(
    code: BoxFindingCode,
    info: (() => string) | undefined,
    nowMs: number,
  ): Omit<FindingChange, 'boxId'> | undefined {
    const { beginMs, endMs } = TIMES[code] ?? OTHER;
    const known = this.#conditions.get(code);
    if (info === undefined) {
      if (known === undefined) return undefined;
      const isOver = nowMs - known.lastMs >= (known.finding === undefined ? LAPSE_MS : endMs);
      if (!isOver) return undefined;
      this.#conditions.delete(code);
      return known.finding && { finding: known.finding, endedMs: nowMs };
    }
    const condition = known ?? { sinceMs: nowMs, lastMs: nowMs, finding: undefined };
    condition.lastMs = nowMs;
    this.#conditions.set(code, condition);
    if (condition.finding !== undefined || nowMs - condition.sinceMs < beginMs) return undefined;
    condition.finding = { code, since_ms: condition.sinceMs, info: info() };
    return { finding: condition.finding };
  }

  /** Ends everything. */
  end(nowMs: number): Omit<FindingChange, 'boxId'>[] {
    const ended = this.findings.map((finding) => ({ finding, endedMs: nowMs }));
    this.#conditions.clear();
    return ended;
  }
}
