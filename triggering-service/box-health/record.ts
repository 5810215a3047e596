/** What the service knows of the health of one box, with the names that it has in `/status` and `makai boxes health`. */
import type { BoxFinding } from '../../common/box-findings.js';

/** From the measurement stream. Times are Unix ms by our clock; what is not known yet is left out. */
export interface BoxStream {
  /** when anything of the box came last, also what was dropped */
  heard_ms: number;
  /** accepted since the box was first heard */
  measurements: number;
  /** over the last minute */
  per_second?: number;
  usual_per_second?: number;
  /** received, of those that the box made, in the last minute of its own time; 1 = all */
  received_share?: number;
  /** box time minus our time: median and spread (the middle four fifths) of the last minute */
  clock_offset_ms?: number;
  clock_spread_ms?: number;
  /** times that the clock was set, and by how much and when the last time */
  clock_steps: number;
  last_step_ms?: number;
  last_step_at_ms?: number;
  /** how long its time has been the same; 0: it moves */
  standing_ms: number;
  /** measurements with the time of the one before: with other values, and with the same */
  repeated_times: number;
  repeated_measurements: number;
  /** measurements that plugins did not see because the id is in use twice */
  withheld: number;
  dropped: { time_in_the_future: number; time_too_old: number; too_many_measurements: number };
  /** of the measurements of the last five to ten minutes: with an invalid value; flagged; with a jump of frequency. 1 = all */
  invalid_share: number;
  flagged_share: number;
  jump_share: number;
  /** its record in the store says that it is not in use */
  unplugged: boolean;
}

/** One box, as the service serves it. */
export interface BoxHealth {
  box_id: string;
  findings: readonly BoxFinding[];
  stream: BoxStream;
}

export function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** "+3.2", "-3600.0" */
export function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(1)}`;
}
