/**
 * Every reason for which the broker drops something. Each is a series of `makai_dropped_total` from the start, at 0: to Prometheus a series
 * that begins with its first drops has not risen, and an alert would miss them. A test holds this list against the code.
 */
export const DROP_REASONS = [
  // requests of clients
  'malformed_request',
  'request_type_not_read',
  'request_without_delimiter',
  'window_missing',
  'start_not_before_end',
  'window_too_long',
  'window_in_the_future',
  'window_without_a_date',
  'too_many_boxes',
  'box_id_out_of_range',
  'identity_not_usable',
  'too_many_requests',
  'too_many_open_requests',
  'too_many_waiting_requests',
  'too_many_tokens',
  'open_request_not_kept',
  'event_without_id',
  'event_not_stored',
  'unsafe_for_boxes',
  // subscriptions and replies of boxes
  'strange_subscription',
  'too_many_subscriptions',
  'malformed_reply',
  'unknown_box',
  'reply_to_nothing',
  'reply_to_another_window',
  'reply_of_another_box',
  'reply_of_wrong_kind',
  'reply_of_wrong_type',
  'duplicate_reply',
  'error_from_box',
  'pong_with_data',
  'malformed_waveform',
  'waveform_not_decoded',
  'waveform_not_stored',
  // to whomever
  'send_failed',
] as const;
