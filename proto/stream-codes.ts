/** What `decodeInto` answers: 0, or why the frame was refused. */
export const STREAM_OK = 0;
export const STREAM_MALFORMED = 1;
export const STREAM_FIELD_MISSING = 2;
export const STREAM_TIME_TOO_LARGE = 3;
export const STREAM_BOX_ID_NEGATIVE = 4;

/** A fixed word for each answer of `decodeInto`, for counting refusals by reason. */
export const STREAM_REASONS = [
  'ok',
  'malformed_measurement',
  'field_missing',
  'time_out_of_range',
  'box_id_out_of_range',
] as const;

/** Bits of `MeasurementColumns.invalid`: the order of METRICS. */
export const F_BIT = 1;
export const RMS_BIT = 2;
export const THD_BIT = 4;
export const TRANS_BIT = 8;
