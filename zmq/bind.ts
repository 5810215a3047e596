/** Opening a socket of ours on IPv4, IPv6 or both, under the server's keys where it faces boxes. */
import { type Clock, pause } from '../common/clock.js';
import { codeOf, MakaiError, messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { type Address, addressesToBind, type Resolvers, SYSTEM } from './addresses.js';
import { bindWhenFree } from './bind-when-free.js';
import { isAnswered } from './connect.js';
import type { CurveServerOptions } from './curve.js';
import type { Socket } from './sockets.js';
import { endpointAt, hostKind, tcpEndpoint } from './tcp-endpoint.js';

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
 * Binds a socket to a place: `*` and `[::]` are every address of IPv4 and IPv6, a name or an interface all of its addresses. CURVE options hold
 * for the endpoints bound after they are set, so one socket may have places with several keys.
 * @param timeoutMs how long to wait for a port that is in use
 * @returns the endpoint with the port that `*` became
 * @throws MakaiError ENDPOINT_IN_USE, ENDPOINT_UNAVAILABLE
 */
export async function bindAt(
  socket: Socket,
  place: Place,
  { log, resolvers = SYSTEM, timeoutMs }: BindOptions,
): Promise<string> {
  if (place.curve !== undefined) Object.assign(socket, place.curve);
  const tcp = tcpEndpoint(place.endpoint);
  const bind = async (endpoint: string, isIpv6: boolean): Promise<string> => {
    // zeromq.js warns of an option that is set on a socket in use.
    if (socket.ipv6 !== isIpv6) socket.ipv6 = isIpv6;
    await bindWhenFree(socket, endpoint, timeoutMs);
    return socket.lastEndpoint ?? endpoint;
  };
  try {
    if (tcp === undefined) return await bind(place.endpoint, false);
    if (hostKind(tcp.host) !== 'all') {
      const addresses = await addressesToBind(tcp.host, resolvers);
      return endpointAt(tcp.host, await bindEach(bind, addresses, tcp.port, log));
    }
    // libzmq falls back to IPv4 where the kernel has no IPv6.
    const open = await bind(endpointAt('*', tcp.port), true);
    if (!open.includes('[')) noteIpv4Alone(log);
    return endpointAt(tcp.host, portOf(open));
  } catch (error) {
    throw cannotOpen(place, error);
  }
}

export interface BindOptions {
  timeoutMs: number;
  log: Logger;
  resolvers?: Resolvers;
}

let isIpv4AloneLogged = false;

function noteIpv4Alone(log: Logger): void {
  if (isIpv4AloneLogged) return;
  isIpv4AloneLogged = true;
  log.warn('this system has no IPv6: endpoints on every address (tcp://*) are IPv4 alone');
}

/** The system does not have the address: another one of the same name may do. */
const NOT_HERE: ReadonlySet<string | undefined> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENODEV']);

/** All on one port; one that this machine does not have is left out where there is another. @returns the port */
async function bindEach(
  bind: (endpoint: string, isIpv6: boolean) => Promise<string>,
  addresses: readonly Address[],
  port: string,
  log: Logger,
): Promise<string> {
  // With IPv6 libzmq binds an IPv4 address too.
  const isIpv6 = addresses.some(({ family }) => family === 6);
  let open: string | undefined;
  let failed: unknown;
  for (const { address } of addresses) {
    try {
      open = portOf(await bind(endpointAt(address, open ?? port), isIpv6));
    } catch (error) {
      if (!NOT_HERE.has(codeOf(error))) throw error;
      failed = error;
      if (addresses.length > 1) log.warn({ address, port, err: error }, 'address left out');
    }
  }
  if (open === undefined) throw failed;
  return open;
}

function portOf(endpoint: string): string {
  return tcpEndpoint(endpoint)?.port ?? '*';
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not open the port',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EAFNOSUPPORT: 'this system does not have this kind of address',
  EAI_AGAIN: 'the name cannot be looked up at the moment',
  ENODEV: 'this machine does not have the address or interface',
  ENOTFOUND: 'there is no such name or interface',
};

/** Why an address cannot be opened, from the system's code; undefined for a code that says nothing about the address. */
export function reasonNotOpened(code: string | undefined): string | undefined {
  return code === undefined ? undefined : REASONS[code];
}

function cannotOpen({ endpoint, field }: Place, error: unknown): MakaiError {
  const code = codeOf(error) ?? '';
  if (code === 'EADDRINUSE')
    return new MakaiError('ENDPOINT_IN_USE', `${field}: ${endpoint} is in use`, {
      hint: `See who has the port (\`ss -ltnp\`), or write another endpoint as "${field}".`,
      cause: error,
    });
  const reason = reasonNotOpened(code) ?? messageOf(error);
  return new MakaiError('ENDPOINT_UNAVAILABLE', `${field}: ${endpoint} cannot be opened: ${reason}`, {
    hint: `Write an address of this machine as "${field}" (\`ip address\` lists them), or tcp://*:PORT for all of them.`,
    cause: error,
  });
}

/** How long a program that answers on this machine may take. */
const ANSWER_MS = 500;

/**
 * Refuses a place where another program answers already, though it could be bound beside it (on another address of the same port).
 * @throws MakaiError ENDPOINT_IN_USE
 */
export async function refuseWhereAnswered(
  field: string,
  endpoint: string,
  resolvers: Resolvers = SYSTEM,
): Promise<void> {
  const tcp = tcpEndpoint(endpoint);
  const port = Number(tcp?.port);
  if (tcp === undefined || !(port > 0)) return;
  for (const host of await hostsToAsk(tcp.host, resolvers)) {
    if (!(await isAnswered(host, port, ANSWER_MS))) continue;
    throw new MakaiError(
      'ENDPOINT_IN_USE',
      `${field}: another program answers at ${endpointAt(host, port).slice(6)}`,
      {
        hint: 'If it is the event service of v3: stop it, since the acquisition broker does its work; with both, waveforms are stored twice and event ids are given twice.',
      },
    );
  }
}

async function hostsToAsk(host: string, resolvers: Resolvers): Promise<string[]> {
  if (host === '0.0.0.0') return ['127.0.0.1'];
  if (hostKind(host) === 'all') return ['127.0.0.1', '::1'];
  // A name without an address is reported when it is bound.
  const addresses = await addressesToBind(host, resolvers).catch((): Address[] => []);
  return addresses.map(({ address }) => address);
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
