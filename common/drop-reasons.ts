/**
 * Every reason for which a daemon drops something: the label `reason` of `makai_dropped_total`, the same word for the same reason in every
 * daemon. Each is a series from the start, at 0: to Prometheus a series that begins with its first drops has not risen, and an alert would
 * miss them. A test holds this list against the code; docs/metrics.md is generated from it.
 */
import type { DaemonName } from './metrics/names.js';

interface ReasonInfo {
  /** what was dropped */
  meaning: string;
  daemons: readonly DaemonName[];
}

const TS = ['triggering-service'] as const;
const AB = ['acquisition-broker'] as const;
const BOTH = [...TS, ...AB] as const;

export const DROP_REASONS = {
  // the measurement stream
  wrong_frame_count: { meaning: 'a message of the stream without exactly two frames', daemons: TS },
  frame_too_long: { meaning: 'a measurement of more than 65,536 bytes', daemons: TS },
  malformed_measurement: { meaning: 'a measurement that is not valid protobuf', daemons: TS },
  field_missing: { meaning: 'a measurement without id or time', daemons: TS },
  time_out_of_range: { meaning: 'a measurement whose time is outside the range of dates', daemons: TS },
  topic_mismatch: { meaning: 'a measurement whose topic is not its box id', daemons: TS },
  time_in_the_future: { meaning: 'a measurement more than 5 minutes ahead of our clock', daemons: TS },
  time_too_old: { meaning: 'a measurement more than 24 hours old', daemons: TS },
  box_table_full: { meaning: 'a measurement of a new box beyond `limits.boxes`', daemons: TS },
  too_many_measurements: {
    meaning: 'a measurement beyond `limits.measurements_per_second` and `measurements_burst` of its box',
    daemons: TS,
  },
  id_in_use_twice: {
    meaning:
      'a box that a plugin requested a waveform of, because two devices send under its id; docs/box-health.md',
    daemons: TS,
  },
  store_too_slow: {
    meaning: 'a measurement beyond `limits.queue_measurements`: the store accepts too few, or none',
    daemons: TS,
  },
  too_many_trend_windows: {
    meaning: 'a trend window that must be computed again, beyond the 500,000 that may wait',
    daemons: TS,
  },
  plugin_finding: {
    meaning:
      'a finding of a plugin about a box: its id or code does not exist, or it is beyond 1000 per second',
    daemons: TS,
  },
  // boxes, in both daemons
  too_many_findings: { meaning: 'a finding of a box beyond the 20,000 boxes with findings', daemons: BOTH },
  finding_not_stored: {
    meaning: 'the beginning or end of a finding, beyond the 1000 that may wait for the store',
    daemons: BOTH,
  },
  unknown_box: { meaning: 'a measurement or reply under a box id that no certificate names', daemons: BOTH },
  box_id_out_of_range: { meaning: 'an id that no box can have', daemons: BOTH },
  imported_box: {
    meaning:
      'a box that `makai import` made, in a request (no device connects under its id), or the request if it names no other box',
    daemons: AB,
  },
  meter: { meaning: 'a command to a meter, which the gateway reads over MQTT', daemons: AB },
  // requests
  malformed_request: {
    meaning: 'a request that is none of the three kinds, or an empty command',
    daemons: AB,
  },
  request_type_not_read: { meaning: 'a v3 data request of a type other than READ', daemons: AB },
  request_without_delimiter: { meaning: 'a request for an event id without its empty frame', daemons: AB },
  window_missing: { meaning: 'a request without a window', daemons: AB },
  start_not_before_end: { meaning: 'a requested window that ends before it begins', daemons: AB },
  window_too_long: { meaning: 'a requested window longer than allowed (`max_window_ms`)', daemons: BOTH },
  window_too_old: { meaning: 'a requested window that begins more than 24 hours ago', daemons: TS },
  window_in_the_future: {
    meaning: 'a requested window more than 5 minutes ahead of our clock',
    daemons: BOTH,
  },
  window_without_a_date: {
    meaning: 'a requested window whose times are outside the range of dates',
    daemons: AB,
  },
  too_many_boxes: { meaning: 'a request that names more than 10,000 boxes', daemons: AB },
  identity_not_usable: {
    meaning: 'an identity of more than 200 characters, or one that begins with `evnew`',
    daemons: AB,
  },
  too_many_requests: { meaning: 'a request beyond the rate of its client', daemons: AB },
  too_many_open_requests: { meaning: 'a request beyond `limits.open_requests`', daemons: AB },
  too_many_waiting_requests: { meaning: 'a request beyond those that may wait', daemons: BOTH },
  incident_without_id: {
    meaning:
      "a plugin's incident for which `incident_id_endpoint` gave no id: too many waited, or the service stopped",
    daemons: TS,
  },
  waveform_budget_of_box: {
    meaning:
      'a window that was not requested from a box, because its `waveform_mb_per_box` of the day is used up',
    daemons: AB,
  },
  waveform_budget_of_all: {
    meaning:
      'a window that was not requested, or a reply of a box that was not asked, because `waveform_mb_in_all` of the day is used up',
    daemons: AB,
  },
  too_many_tokens: { meaning: 'a v3 event token beyond those that may wait', daemons: AB },
  open_request_not_kept: { meaning: 'an open request that the store refused', daemons: AB },
  event_without_id: { meaning: 'a request for which the store refused an event id', daemons: AB },
  event_not_stored: { meaning: 'an event that the store refused', daemons: AB },
  unsafe_for_boxes: { meaning: 'a command that could stop a box: a bug, please report it', daemons: AB },
  // subscriptions and replies of boxes
  strange_subscription: { meaning: 'a subscription that no box makes', daemons: AB },
  too_many_subscriptions: { meaning: 'a subscription beyond those that one box makes', daemons: AB },
  malformed_reply: { meaning: 'a reply that is not valid protobuf', daemons: AB },
  reply_to_nothing: { meaning: 'a reply that no open request waits for', daemons: AB },
  reply_not_forwarded: {
    meaning: 'a reply that another broker waited for and did not get; it asks the box again',
    daemons: AB,
  },
  malformed_cluster_message: {
    meaning: 'a message of NATS that is none of another acquisition broker',
    daemons: AB,
  },
  reply_to_another_window: { meaning: 'a reply for another window than the one requested', daemons: AB },
  reply_of_another_box: {
    meaning:
      'a reply of a box whose id is the beginning of the id that was asked, such as 1 of 1001 (usual with Box 3)',
    daemons: AB,
  },
  reply_of_wrong_kind: { meaning: 'a reply of another kind than the command', daemons: AB },
  reply_of_wrong_type: { meaning: 'a Box 2 reply of an unknown type', daemons: AB },
  duplicate_reply: { meaning: 'a second reply of one box', daemons: AB },
  error_from_box: { meaning: 'the reply ERROR of a Box 2', daemons: AB },
  pong_with_data: { meaning: 'a PONG with data', daemons: AB },
  malformed_waveform: { meaning: 'a waveform that is malformed or longer than allowed', daemons: AB },
  waveform_not_decoded: { meaning: 'a waveform that could not be decoded', daemons: AB },
  waveform_not_stored: { meaning: 'a waveform that the store refused', daemons: AB },
  // anyone
  send_failed: { meaning: 'a message that could not be sent', daemons: AB },
} as const satisfies Record<string, ReasonInfo>;

export type DropReason = keyof typeof DROP_REASONS;

/** The reasons that one daemon has. */
export function dropReasonsOf(daemon: DaemonName): string[] {
  return Object.entries<ReasonInfo>(DROP_REASONS)
    .filter(([, { daemons }]) => daemons.includes(daemon))
    .map(([reason]) => reason);
}
