/** RESP: the answer of a Box 2 to a READ. Every Box 2 hears a READ, so one that was not asked answers too, and is stored too. */
import type { RequestDataMessage } from '../../proto/messages.js';
import type { Dropped, ReplyContext } from './context.js';

export function handleResp(
  boxId: number,
  message: RequestDataMessage,
  frames: readonly Uint8Array[],
  { book, clock, counts, presence, queue }: ReplyContext,
): Dropped | undefined {
  counts.resp += 1;
  presence.heardBox2(boxId);
  const request = book.byRead(message.sequenceNumber);
  const { event, window } = request ?? {};
  const about = `event ${message.sequenceNumber}`;
  if (request === undefined || event === undefined || window === undefined) {
    return { reason: 'reply_to_nothing', about };
  }
  // A box echoes the window: another one answers an event of the same number in a store of old.
  if (message.back !== window.startMs || message.forward !== window.endMs) {
    return { reason: 'reply_to_another_window', about };
  }
  request.readAnswers.add(boxId);
  if (event.taken.has(boxId)) return { reason: 'duplicate_reply', about };
  book.arrived(request, boxId);
  if (frames.length === 1) book.answered(request, boxId, true);
  else {
    const receivedAtMs = clock.now();
    queue.add({ dialect: 2, boxId, frames: frames.slice(1), request, event, window, receivedAtMs });
  }
  return undefined;
}
