/** Client requests: what comes in on `backend_pull`, each frame a request of its own. */
import { DecodeError, type Proto } from '../../proto/codec.js';
import type { ClientRequest } from '../../proto/codec.js';
import { handleCommand } from './command.js';
import type { RequestContext } from './context.js';
import { handleEvent } from './event.js';
import { handleRead } from './read.js';

export interface RequestCounts {
  received: number;
  taken: number;
}

/**
 * The handler of messages on `backend_pull`.
 * @param taken called for each request that was taken
 */
export function requestDispatcher(
  proto: Proto,
  context: RequestContext,
  taken: () => void,
): { handle(frames: readonly Uint8Array[]): void; counts: RequestCounts } {
  const counts = { received: 0, taken: 0 };
  const handle = (frames: readonly Uint8Array[]): void => {
    for (const frame of frames) {
      counts.received += 1;
      try {
        if (!dispatch(proto.decodeClientRequest(frame), context)) continue;
        counts.taken += 1;
        taken();
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        context.rejections.count('malformed_request', undefined, error.message);
      }
    }
  };
  return { handle, counts };
}

function dispatch(request: ClientRequest, context: RequestContext): boolean {
  switch (request.kind) {
    case 'event':
      return handleEvent(request.message, context);
    case 'read':
      return handleRead(request.message, context);
    case 'command':
      return handleCommand(request.message, context);
  }
}
