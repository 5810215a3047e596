/**
 * Every reason for which a daemon drops something: the label `reason` of `makai_dropped_total`, the same word for the same reason in every
 * daemon. Each is a series from the start, at 0: to Prometheus a series that begins with its first drops has not risen, and an alert would
 * miss them. A test holds this list against the code; docs/metrics.md is generated from it.
 */
import type { DaemonName } from './metrics/names.js';

interface ReasonInfo {
  meaning: string;
  daemons: readonly DaemonName[];
}

const TS: readonly DaemonName[] = ['triggering-service'];

export const DROP_REASONS = {
  // the measurement stream
  wrong_frame_count: { meaning: 'A message of the stream without exactly two frames.', daemons: TS },
  frame_too_long: { meaning: 'A measurement longer than 65,536 bytes.', daemons: TS },
  malformed_measurement: { meaning: 'A measurement that is not sound protobuf.', daemons: TS },
  field_missing: { meaning: 'A measurement without id or time.', daemons: TS },
  time_out_of_range: { meaning: 'A measurement whose time is no date.', daemons: TS },
  box_id_out_of_range: { meaning: 'A box id that is not from 1 to the largest int32.', daemons: TS },
  topic_mismatch: { meaning: 'A measurement whose topic is not its box id.', daemons: TS },
  unknown_box: { meaning: 'A box id that no certificate names.', daemons: TS },
  time_in_the_future: { meaning: 'A measurement more than 5 minutes ahead of our clock.', daemons: TS },
  time_too_old: { meaning: 'A measurement more than 24 hours old.', daemons: TS },
  box_table_full: { meaning: 'A measurement of a new box beyond `limits.boxes`.', daemons: TS },
  too_many_measurements: {
    meaning: 'A measurement beyond `limits.measurements_per_second` and `measurements_burst` of its box.',
    daemons: TS,
  },
  store_too_slow: {
    meaning: 'A measurement beyond `limits.queue_measurements`: the store accepts too few, or none.',
    daemons: TS,
  },
  too_many_trend_windows: {
    meaning: 'A trend window that the store was to compute, beyond 500,000 that wait.',
    daemons: TS,
  },
  // event requests
  window_in_the_future: { meaning: 'A requested window that ends in the future.', daemons: TS },
  window_too_old: { meaning: 'A requested window that begins more than 24 hours ago.', daemons: TS },
  window_too_long: { meaning: 'A requested window longer than the limit.', daemons: TS },
  too_many_waiting_requests: { meaning: 'A request beyond those that may wait.', daemons: TS },
} as const satisfies Record<string, ReasonInfo>;

export type DropReason = keyof typeof DROP_REASONS;

/** The reasons that one daemon has. */
export function dropReasonsOf(daemon: DaemonName): string[] {
  return Object.entries<ReasonInfo>(DROP_REASONS)
    .filter(([, { daemons }]) => daemons.includes(daemon))
    .map(([reason]) => reason);
}
