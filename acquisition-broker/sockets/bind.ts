/** Opening a socket of ours, under the server's keys where it faces boxes. */
import type { Socket } from 'zeromq';
import { bindWhenFree } from '../../common/bind.js';
import { codeOf, MakaiError } from '../../common/errors.js';
import type { CurveServerOptions } from '../../keys/access.js';

/** A dead connection is found by TCP: ZeroMQ's own heartbeats are not known to every box. */
export const KEEPALIVE = {
  tcpKeepalive: 1,
  tcpKeepaliveIdle: 30,
  tcpKeepaliveInterval: 10,
  tcpKeepaliveCount: 3,
} as const;

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
