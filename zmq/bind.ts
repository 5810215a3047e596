/** Opening a socket of ours, under the server's keys where it faces boxes. */
import type { Socket } from 'zeromq';
import { type Clock, pause } from '../common/clock.js';
import { codeOf, MakaiError, messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { bindWhenFree } from './bind-when-free.js';
import type { CurveServerOptions } from './curve.js';

/** A dead connection is found by TCP: ZeroMQ's own heartbeats are not known to every box. */
export const TCP_OPTIONS = {
  tcpKeepalive: 1,
  tcpKeepaliveIdle: 30,
  tcpKeepaliveInterval: 10,
  tcpKeepaliveCount: 3,
  /** when sockets are opened anew, all peers come at once */
  backlog: 1024,
} as const;

/** How long a port that is in use is waited for: at the start, and where it was ours a moment ago. */
export const PATIENCE_MS = { first: 1000, again: 5000 } as const;

const AGAIN_MS = 1000;

/** One place where a socket is open. */
export interface Place {
  /** the field that names it */
  field: string;
  endpoint: string;
  /** plain without it */
  curve?: CurveServerOptions | undefined;
}

/**
 * Binds a socket to a place. CURVE options hold for the endpoints bound after they are set, so one socket may have places with several keys.
 * @param patienceMs how long to wait for a port that is in use
 * @returns the endpoint with the port that `*` became
 * @throws MakaiError ENDPOINT_IN_USE; any other error of `bind`
 */
export async function bindAt(socket: Socket, place: Place, patienceMs: number): Promise<string> {
  if (place.curve !== undefined) Object.assign(socket, place.curve);
  try {
    await bindWhenFree(socket, place.endpoint, patienceMs);
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    throw new MakaiError('ENDPOINT_IN_USE', `${place.field}: ${place.endpoint} is in use`, {
      hint: `Stop what uses the port, or write another endpoint as "${place.field}".`,
      cause: error,
    });
  }
  return socket.lastEndpoint ?? place.endpoint;
}

/** Opens sockets that were open before: tries until it can, or `signal` is aborted. */
export async function openAgain(
  sockets: { open(): Promise<void> },
  { clock, log }: { clock: Clock; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await sockets.open();
      return;
    } catch (error) {
      log.error({ error: messageOf(error) }, 'sockets cannot be opened anew yet');
      await pause(clock, AGAIN_MS, signal);
    }
  }
}
