/**
 * RESP: the answer of a Box 2 to a READ. Every Box 2 hears a READ, so one that was not asked answers too, and is stored too. One READ may
 * have served several events (open/shared-reads.ts): the answer is taken for each that asked this box.
 */
import type { RequestDataMessage } from '../../proto/messages.js';
import type { OpenRequest } from '../open/request.js';
import { readersOf } from '../open/shared-reads.js';
import type { Dropped, ReplyContext } from './context.js';

export function handleResp(
  boxId: number,
  message: RequestDataMessage,
  frames: readonly Uint8Array[],
  context: ReplyContext,
): Dropped | undefined {
  const { book, counts, presence } = context;
  counts.resp += 1;
  presence.heardBox2(boxId);
  const { back, forward, sequenceNumber } = message;
  const lead = book.byRead(sequenceNumber);
  const about = `event ${sequenceNumber}`;
  if (lead === undefined) return { reason: 'reply_to_nothing', about };
  // A box echoes the window: another one answers an event of the same number in a store of old.
  const isEchoed = back !== undefined && forward !== undefined;
  const readers = isEchoed ? readersOf(lead, { startMs: back, endMs: forward }, boxId) : undefined;
  if (readers === undefined) return { reason: 'reply_to_another_window', about };
  let isTaken = false;
  for (const request of readers) if (take(request, boxId, frames, context)) isTaken = true;
  return isTaken ? undefined : { reason: 'duplicate_reply', about };
}

/** @returns false when the event has this box's waveform already */
function take(
  request: OpenRequest,
  boxId: number,
  frames: readonly Uint8Array[],
  { book, clock, queue }: ReplyContext,
): boolean {
  const { event, window } = request;
  if (event === undefined || window === undefined) return false;
  request.readAnswers.add(boxId);
  if (event.taken.has(boxId)) return false;
  book.arrived(request, boxId);
  if (frames.length === 1) book.answered(request, boxId, true);
  else {
    const receivedAtMs = clock.now();
    queue.add({ dialect: 2, boxId, frames: frames.slice(1), request, event, window, receivedAtMs });
  }
  return true;
}
