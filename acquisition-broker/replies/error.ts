/** ERROR: a Box 2 got what it does not answer. We send it nothing of the kind, so each is worth a line in the log. */
import type { RequestDataMessage } from '../../proto/messages.js';
import type { Dropped, ReplyContext } from './context.js';

export function handleError(
  boxId: number,
  { sequenceNumber }: RequestDataMessage,
  { counts, presence }: ReplyContext,
): Dropped {
  counts.error += 1;
  presence.heardBox2(boxId);
  return { reason: 'error_from_box', about: `sequence number ${sequenceNumber}` };
}
