/**
 * Response: the answer of a Box 3. It counts only when its box is the one asked under that sequence number: subscriptions are
 * prefixes, so box 1 also answers what is meant for boxes 10 to 19 (wire-protocols 3.2).
 */
import type { Response } from '../../proto/messages.js';
import type { ReplyContext } from './context.js';

export function handleResponse(response: Response, frames: readonly Uint8Array[], context: ReplyContext): void {
  const { book, clock, counts, presence, queue, rejections, route } = context;
  const { body, boxId, seq } = response;
  const source = String(boxId);
  counts.response += 1;
  presence.heardBox3(boxId);
  const request = book.bySequenceNumber(seq);
  if (request === undefined) return rejections.count('reply_to_nothing', source, `sequence number ${seq}`);
  const ask = request.asks.get(boxId);
  if (ask?.seq !== seq) return rejections.count('reply_of_another_box', source, `sequence number ${seq}`);
  const asked = request.command?.body.kind ?? 'data';
  if (body.kind !== asked) return rejections.count('reply_of_wrong_kind', source, `${body.kind} to ${asked}`);
  if (ask.state !== 'waiting') return rejections.count('duplicate_reply', source, request.key);
  book.arrived(request, boxId);
  if (request.command !== undefined) {
    counts.routed += 1;
    route(request.command.identity, frames);
  }
  const { event, window } = request;
  if (event === undefined || window === undefined) return book.answered(request, boxId, false);
  if (frames.length === 1) return book.answered(request, boxId, true);
  const receivedAtMs = clock.now();
  queue.add({ dialect: 3, boxId, frames: frames.slice(1), request, event, window, receivedAtMs });
}
