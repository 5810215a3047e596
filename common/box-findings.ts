/**
 * Findings about the health of one box: the code, what it means and what to do. docs/box-health.md has a worked example of each; a test holds
 * the two together. The order is from worst to mildest: lists of boxes are sorted by it.
 */

interface FindingInfo {
  /** what it means, for people */
  meaning: string;
  /** what to do about it */
  todo: string;
}

export const BOX_FINDINGS = {
  ID_IN_USE_TWICE: {
    meaning: 'two devices send under this id: two time series that interleave',
    todo: 'find both devices by their addresses (`makai boxes health ID`), give one of them a key and an id of its own',
  },
  CLOCK_STOPPED: {
    meaning: 'the clock of the box stands still',
    todo: 'restart the box; if its clock stops again, replace the box or its operating system',
  },
  CLOCK_OFFSET: {
    meaning: 'the clock of the box is ahead of or behind ours',
    todo: 'give the box a time server that it can reach; if many boxes differ by the same amount, check the clock of this machine',
  },
  CLOCK_STEPPED: {
    meaning: 'the clock of the box was set while it ran',
    todo: 'nothing if it was set right; measurements before the step carry the old time',
  },
  NO_REPLIES: {
    meaning: 'the box was asked for waveforms several times and did not reply',
    todo: 'check that the box reaches the ports of box_pub and box_pull of the acquisition broker, and restart it',
  },
  NOISY_INPUT: {
    meaning: 'many of its values are invalid, or jump as no grid does',
    todo: 'check the plug, the cable and the voltage at the outlet, then the input of the box',
  },
  RATE: {
    meaning: 'the box sends more or fewer measurements than it usually does',
    todo: 'check the network between the box and the triggering broker, or whether its measurement window was changed',
  },
  METER_SILENT: {
    meaning: 'the meter has published nothing for longer than its settings allow',
    todo: 'check the meter, its network and its topic; `silent_after_seconds` in `meters.topics` of the gateway says how long it may be silent',
  },
  CALIBRATION_SUSPECT: {
    meaning: 'the voltage has differed from the reference for a long time, at a steady value',
    todo: 'measure the voltage at the outlet; correct the calibration constant of the box, or its reference voltage',
  },
  WAVEFORM_BUDGET: {
    meaning: 'a waveform was not asked for: with it the box would deliver more than it may in a day',
    todo: 'look for what it was asked for (`makai events`): a wrong calibration constant or reference; or raise `limits.waveform_mb_per_box` of the acquisition broker',
  },
  UNPLUGGED_BUT_SENDING: {
    meaning: 'the record says that the box is not in use, but it sends',
    todo: '`makai boxes set ID --no-unplugged` if it is in use again, else find out who plugged it in',
  },
  DEFAULT_ID: {
    meaning: 'the box sends as box 0, the id in the sample settings of both generations',
    todo: 'give the box an id of its own; two boxes with the default id cannot be told apart',
  },
} as const satisfies Record<string, FindingInfo>;

export type BoxFindingCode = keyof typeof BOX_FINDINGS;

/** From worst to mildest. */
export const BOX_FINDING_CODES = Object.keys(BOX_FINDINGS) as readonly BoxFindingCode[];

/** One finding of one box that lasts, with the names that it has in documents and in `/status`. */
export interface BoxFinding {
  code: BoxFindingCode;
  /** when it began, Unix ms */
  since_ms: number;
  /** the numbers of this box: for people */
  info: string;
}

/** A finding of a box began, or ended. */
export interface FindingChange {
  boxId: number;
  finding: BoxFinding;
  /** Unix ms where it ended */
  endedMs?: number;
}

/** Negative where `a` is worse than `b`: by the worst finding, then by the number of findings. */
export function worseFirst(a: readonly BoxFinding[], b: readonly BoxFinding[]): number {
  return rankOf(a) - rankOf(b) || b.length - a.length;
}

function rankOf(findings: readonly BoxFinding[]): number {
  return Math.min(BOX_FINDING_CODES.length, ...findings.map(({ code }) => BOX_FINDING_CODES.indexOf(code)));
}
