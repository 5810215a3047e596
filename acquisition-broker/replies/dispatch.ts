/** Answers of the boxes: what comes in on `box_pull`, one multipart message an answer. */
import { DecodeError, type Proto } from '../../proto/codec.js';
import type { RequestDataMessage } from '../../proto/messages.js';
import { isBoxId } from '../boxes/presence.js';
import type { ReplyContext } from './context.js';
import { handleError } from './error.js';
import { handlePong } from './pong.js';
import { handleResp } from './resp.js';
import { handleResponse } from './response.js';

/** The handler of messages on `box_pull`. */
export function replyDispatcher(proto: Proto, context: ReplyContext): (frames: readonly Uint8Array[]) => void {
  const { counts, rejections } = context;
  return (frames) => {
    const [head] = frames;
    if (head === undefined) return;
    counts.received += 1;
    try {
      const reply = proto.decodeBoxReply(head);
      if (reply.dialect === 2) dispatchBox2(reply.message, frames, context);
      else if (checkBox(reply.message.boxId, context)) handleResponse(reply.message, frames, context);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      rejections.count('malformed_reply', undefined, error.message);
    }
  };
}

function dispatchBox2(message: RequestDataMessage, frames: readonly Uint8Array[], context: ReplyContext): void {
  const { boxId, type } = message;
  if (boxId === undefined) return context.rejections.count('reply_without_box', undefined, type);
  if (!checkBox(boxId, context)) return;
  switch (type) {
    case 'PONG':
      return handlePong(boxId, frames, context);
    case 'RESP':
      return handleResp(boxId, message, frames, context);
    case 'ERROR':
      return handleError(boxId, message, context);
    case 'PING':
    case 'READ':
      return context.rejections.count('reply_of_wrong_type', String(boxId), type);
  }
}

/** ZeroMQ does not tell who sent a message; but a box that no certificate names cannot have sent it honestly. */
function checkBox(boxId: number, { isKnown, rejections }: ReplyContext): boolean {
  const sound = isBoxId(boxId) && isKnown(boxId);
  if (!sound) rejections.count('unknown_box', String(boxId));
  return sound;
}
