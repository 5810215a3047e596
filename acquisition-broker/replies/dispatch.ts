/** Answers of the boxes: what comes in on `box_pull`, one multipart message an answer. */
import type { Rejections } from '../../common/rejections.js';
import { DecodeError, type Proto } from '../../proto/codec.js';
import type { BoxReply } from '../../proto/dialect.js';
import type { RequestDataMessage } from '../../proto/messages.js';
import { isBoxId } from '../boxes/presence.js';
import type { Dropped, ReplyContext } from './context.js';
import { handleError } from './error.js';
import { handlePong } from './pong.js';
import { handleResp } from './resp.js';
import { handleResponse } from './response.js';

type Frames = readonly Uint8Array[];

export interface ReplyDispatcherOptions extends ReplyContext {
  proto: Proto;
  rejections: Rejections;
  /** whether a certificate names this box; true for all when everyone is let in */
  isKnownBox(boxId: number): boolean;
}

/** The handler of messages on `box_pull`. */
export function replyDispatcher(options: ReplyDispatcherOptions): (frames: Frames) => void {
  const { counts, isKnownBox, proto, rejections } = options;
  return (frames) => {
    counts.received += 1;
    try {
      const reply = proto.decodeBoxReply(frames[0] ?? new Uint8Array());
      const { boxId } = reply.message;
      // ZeroMQ does not tell who sent a message; but a box that no certificate names cannot have sent it honestly.
      const isKnown = boxId !== undefined && isBoxId(boxId) && isKnownBox(boxId);
      const dropped = isKnown ? dispatch(reply, boxId, frames, options) : { reason: 'unknown_box' };
      if (dropped !== undefined) rejections.count(dropped.reason, String(boxId), dropped.about);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      rejections.count('malformed_reply', undefined, error.message);
    }
  };
}

function dispatch(
  reply: BoxReply,
  boxId: number,
  frames: Frames,
  context: ReplyContext,
): Dropped | undefined {
  if (reply.dialect === 3) return handleResponse(reply.message, frames, context);
  return dispatchBox2(reply.message, boxId, frames, context);
}

function dispatchBox2(
  message: RequestDataMessage,
  boxId: number,
  frames: Frames,
  context: ReplyContext,
): Dropped | undefined {
  switch (message.type) {
    case 'PONG':
      return handlePong(boxId, frames, context);
    case 'RESP':
      return handleResp(boxId, message, frames, context);
    case 'ERROR':
      return handleError(boxId, message, context);
    case 'PING':
    case 'READ':
      return { reason: 'reply_of_wrong_type', about: message.type };
  }
}
