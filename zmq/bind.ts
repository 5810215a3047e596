/** Opening a socket of ours, under the server's keys where it faces boxes. */
import { type Clock, pause } from '../common/clock.js';
import { codeOf, MakaiError, messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { bindWhenFree } from './bind-when-free.js';
import type { CurveServerOptions } from './curve.js';
import type { Socket } from './sockets.js';

/** How long a port that is in use is waited for: at the start, and where it was ours a moment ago. */
export const BIND_TIMEOUT_MS = { first: 1000, again: 5000 } as const;

const RETRY_MS = 1000;

/** One place where a socket is open. */
export interface Place {
  /** the setting that names it */
  field: string;
  endpoint: string;
  /** plain without it */
  curve?: CurveServerOptions | undefined;
}

/**
 * Binds a socket to a place. CURVE options hold for the endpoints bound after they are set, so one socket may have places with several keys.
 * @param timeoutMs how long to wait for a port that is in use
 * @returns the endpoint with the port that `*` became
 * @throws MakaiError ENDPOINT_IN_USE
 */
export async function bindAt(socket: Socket, place: Place, timeoutMs: number): Promise<string> {
  if (place.curve !== undefined) Object.assign(socket, place.curve);
  try {
    await bindWhenFree(socket, place.endpoint, timeoutMs);
  } catch (error) {
    const reason = codeOf(error) === 'EADDRINUSE' ? 'is in use' : `cannot be opened: ${messageOf(error)}`;
    throw new MakaiError('ENDPOINT_IN_USE', `${place.field}: ${place.endpoint} ${reason}`, {
      hint: `See who has the port (\`ss -ltnp\`), or write another endpoint as "${place.field}".`,
      cause: error,
    });
  }
  return socket.lastEndpoint ?? place.endpoint;
}

/** Reopens sockets: tries until it can, or `signal` is aborted. */
export async function reopen(
  sockets: { open(): Promise<void> },
  { clock, log }: { clock: Clock; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await sockets.open();
      return;
    } catch (error) {
      log.error({ err: error }, 'sockets cannot be reopened yet');
      await pause(clock, RETRY_MS, signal);
    }
  }
}
