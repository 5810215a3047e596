/** RESP: the answer of a Box 2 to a READ. Every Box 2 hears a READ, so one that was not asked answers too, and is stored too. */
import type { RequestDataMessage } from '../../proto/messages.js';
import type { ReplyContext } from './context.js';

export function handleResp(
  boxId: number,
  message: RequestDataMessage,
  frames: readonly Uint8Array[],
  context: ReplyContext,
): void {
  const { book, clock, counts, presence, queue, rejections } = context;
  counts.resp += 1;
  presence.heardBox2(boxId);
  const request = book.byRead(message.sequenceNumber);
  const { event, window } = request ?? {};
  const about = `event ${message.sequenceNumber}`;
  if (request === undefined || event === undefined || window === undefined) {
    return rejections.count('reply_to_nothing', String(boxId), about);
  }
  // A box echoes the window: another one is the answer to an event of the same number in a store of old.
  if (message.back !== window.startMs || message.forward !== window.endMs) {
    return rejections.count('reply_to_another_window', String(boxId), about);
  }
  request.readAnswers.add(boxId);
  if (event.taken.has(boxId)) return rejections.count('duplicate_reply', String(boxId), about);
  book.arrived(request, boxId);
  if (frames.length === 1) return book.answered(request, boxId, true);
  const receivedAtMs = clock.now();
  queue.add({ dialect: 2, boxId, frames: frames.slice(1), request, event, window, receivedAtMs });
}
