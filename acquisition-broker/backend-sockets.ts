/** The sockets of our own services: requests in, notices and routed replies out, event numbers. */
import { Publisher, Pull, Reply } from 'zeromq';
import { codeOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import type { CurveServerOptions } from './box-sockets.js';

export interface BackendSocketsOptions {
  endpoints: BackendEndpoints;
  /** endpoints of 2020 that the configuration does not name: a port in use there is a warning */
  optional: ReadonlySet<keyof BackendEndpoints>;
  /** plain without it */
  curve?: CurveServerOptions | undefined;
  /** longest frame of a client; who sends a longer one is disconnected */
  frameBytes: number;
  log: Logger;
}

export interface BackendEndpoints {
  backend_pull: string;
  backend_pub: string;
  zmq_event_endpoint: string;
  zmq_event_id_endpoint: string;
}

export interface BackendSockets {
  pull: Pull;
  publish: Publisher;
  /** undefined where the port of a default endpoint is taken */
  notices: Publisher | undefined;
  eventIds: Reply | undefined;
  /** where they are open */
  endpoints: Partial<BackendEndpoints>;
  close(): void;
}

/**
 * A subscriber that does not read is dropped after this time without an acknowledgement from its TCP: each of its queued replies may
 * be 5 MB, and ZeroMQ counts messages, not bytes.
 */
const NOT_READING_MS = 30_000;
const KEEPALIVE = { tcpKeepalive: 1, tcpKeepaliveIdle: 30, tcpKeepaliveInterval: 10, tcpKeepaliveCount: 3 };

/** Opens all of them. @throws the error of `bind`, with nothing left open */
export async function openBackendSockets(options: BackendSocketsOptions): Promise<BackendSockets> {
  const { curve = {}, frameBytes } = options;
  const common = { linger: 0, maxMessageSize: frameBytes, ...KEEPALIVE, ...curve };
  const sockets = {
    backend_pull: new Pull(common),
    backend_pub: new Publisher({ ...common, tcpMaxRetransmitTimeout: NOT_READING_MS }),
    zmq_event_endpoint: new Publisher({ ...common, tcpMaxRetransmitTimeout: NOT_READING_MS }),
    zmq_event_id_endpoint: new Reply(common),
  };
  const close = (): void => {
    for (const socket of Object.values(sockets)) socket.close();
  };
  const endpoints: Partial<BackendEndpoints> = {};
  try {
    for (const name of Object.keys(sockets) as (keyof BackendEndpoints)[]) {
      if (!(await bind(sockets[name], name, options))) continue;
      endpoints[name] = sockets[name].lastEndpoint ?? options.endpoints[name];
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    pull: sockets.backend_pull,
    publish: sockets.backend_pub,
    notices: endpoints.zmq_event_endpoint === undefined ? undefined : sockets.zmq_event_endpoint,
    eventIds: endpoints.zmq_event_id_endpoint === undefined ? undefined : sockets.zmq_event_id_endpoint,
    endpoints,
    close,
  };
}

/** @returns false for an optional endpoint whose port is taken */
async function bind(
  socket: { bind(endpoint: string): Promise<void> },
  name: keyof BackendEndpoints,
  { endpoints, log, optional }: BackendSocketsOptions,
): Promise<boolean> {
  try {
    await socket.bind(endpoints[name]);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE' || !optional.has(name)) throw error;
    const hint = `name ${name} in the configuration to use another`;
    log.warn(
      { field: name, endpoint: endpoints[name], hint },
      'port in use: this endpoint of 2020 is not served',
    );
    return false;
  }
}
