/** Client requests: what comes in on `backend_pull`, each frame a request of its own. */
import type { Rejections } from '../../common/rejections.js';
import { DecodeError, type Proto } from '../../proto/codec.js';
import type { ClientRequest } from '../../proto/dialect.js';
import { handleCommand } from './command.js';
import type { Refusal, RequestContext } from './context.js';
import { handleEvent } from './event.js';
import { handleRead, READ_CLIENT } from './read.js';

export interface RequestDispatcherOptions extends RequestContext {
  proto: Proto;
  rejections: Rejections;
}

/** The handler of messages on `backend_pull`, and how many requests came and were taken. */
export function requestDispatcher(options: RequestDispatcherOptions): {
  handle(frames: readonly Uint8Array[]): void;
  counts: { received: number; taken: number };
} {
  const { proto, rejections } = options;
  const counts = { received: 0, taken: 0 };
  const handleFrame = (frame: Uint8Array): void => {
    counts.received += 1;
    try {
      const request = proto.decodeClientRequest(frame);
      const refusal = dispatch(request, options);
      if (refusal !== undefined) return void rejections.count(refusal, clientName(request));
      counts.taken += 1;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      rejections.count('malformed_request', undefined, error.message);
    }
  };
  return { handle: (frames) => frames.forEach(handleFrame), counts };
}

function dispatch(request: ClientRequest, context: RequestContext): Refusal {
  switch (request.kind) {
    case 'event':
      return handleEvent(request.message, context);
    case 'read':
      return handleRead(request.message, context);
    case 'command':
      return handleCommand(request.message, context);
  }
}

function clientName(request: ClientRequest): string {
  switch (request.kind) {
    case 'event':
      return request.message.requestee;
    case 'read':
      return READ_CLIENT;
    case 'command':
      return request.message.identity;
  }
}
