/**
 * Every reason for which the service drops a measurement or a plugin's request. Each is a series of `makai_dropped_total` from the start, at 0:
 * to Prometheus a series that begins with its first drops has not risen, and an alert would miss them. A test holds this list against the code.
 */
import { STREAM_REASONS } from '../proto/stream-decoder.js';

export const DROP_REASONS = [
  ...STREAM_REASONS.filter((reason) => reason !== 'ok'),
  'parts',
  'too long',
  'topic is not the id',
  'no certificate',
  'time ahead',
  'time too old',
  'too many boxes',
  'rate',
  'request ahead',
  'request too old',
  'request too long',
] as const;
