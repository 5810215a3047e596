/**
 * Response: the answer of a Box 3. It counts only when its box is the one asked under that sequence number: subscriptions are
 * prefixes, so box 1 also answers what is meant for boxes 10 to 19 (wire-protocols 3.2).
 */
import type { Response } from '../../proto/messages.js';
import type { BoxAsk, OpenRequest } from '../open/request.js';
import type { Dropped, ReplyContext } from './context.js';

export function handleResponse(
  response: Response,
  frames: readonly Uint8Array[],
  context: ReplyContext,
): Dropped | undefined {
  const { book, counts, presence } = context;
  const { body, boxId, seq } = response;
  counts.response += 1;
  presence.heardBox3(boxId);
  const request = book.bySequenceNumber(seq);
  if (request === undefined) return { reason: 'reply_to_nothing', about: `sequence number ${seq}` };
  const ask = request.asks.get(boxId);
  if (ask?.seq !== seq) return { reason: 'reply_of_another_box', about: `sequence number ${seq}` };
  const asked = request.command?.body.kind ?? 'data';
  if (body.kind !== asked) return { reason: 'reply_of_wrong_kind', about: `${body.kind} to ${asked}` };
  if (isAgain(request, ask, frames)) return { reason: 'duplicate_reply', about: request.key };
  if (ask.state === 'waiting') routeBack(request, frames, context);
  book.arrived(request, boxId);
  take(request, boxId, frames, context);
  return undefined;
}

/** Whether an answer brings nothing new: the first one counts, but one with data counts after an empty one. */
function isAgain({ event }: OpenRequest, { boxId, state }: BoxAsk, frames: readonly Uint8Array[]): boolean {
  if (state === 'waiting') return false;
  return state === 'arrived' || frames.length === 1 || event === undefined || event.taken.has(boxId);
}

/** A client's Command: its answer goes to the client as it came. */
function routeBack({ command }: OpenRequest, frames: readonly Uint8Array[], context: ReplyContext): void {
  if (command === undefined) return;
  context.counts.routed += 1;
  context.route(command.identity, frames);
}

function take(
  request: OpenRequest,
  boxId: number,
  frames: readonly Uint8Array[],
  { book, clock, queue }: ReplyContext,
): void {
  const { event, window } = request;
  if (event === undefined || window === undefined) book.answered(request, boxId, false);
  else if (frames.length === 1) book.answered(request, boxId, true);
  else {
    const receivedAtMs = clock.now();
    queue.add({ dialect: 3, boxId, frames: frames.slice(1), request, event, window, receivedAtMs });
  }
}
