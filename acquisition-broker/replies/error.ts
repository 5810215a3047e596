/** ERROR: a Box 2 got what it does not answer. We send it nothing of the kind; a Command that it took for its own could do it. */
import type { RequestDataMessage } from '../../proto/messages.js';
import type { ReplyContext } from './context.js';

export function handleError(boxId: number, { sequenceNumber }: RequestDataMessage, context: ReplyContext): void {
  context.counts.error += 1;
  context.presence.heardBox2(boxId);
  context.rejections.count('error_from_box', String(boxId), `sequence number ${sequenceNumber}`);
}
