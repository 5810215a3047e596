/** The parts of a TCP endpoint, and of which kind its host is. */
import { isIPv4, isIPv6 } from 'node:net';

export interface TcpEndpoint {
  /** as it stands, an IPv6 address without its brackets */
  host: string;
  /** a number or `*` */
  port: string;
}

/** 4 or 6: an address. `all`: `*` or `[::]`, every address of both. `name`: of a host or an interface. */
export type HostKind = 4 | 6 | 'all' | 'name';

/** @returns undefined for what is no TCP endpoint */
export function tcpEndpoint(endpoint: string): TcpEndpoint | undefined {
  const match = /^tcp:\/\/(?:\[([^\]]+)\]|([^:[\]]+)):(\d+|\*)$/.exec(endpoint);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || match?.[3] === undefined ? undefined : { host, port: match[3] };
}

export function hostKind(host: string): HostKind {
  if (host === '*' || host === '::') return 'all';
  if (isIPv4(host)) return 4;
  return isIPv6(host) ? 6 : 'name';
}

/** An endpoint of an address. */
export function endpointAt(address: string, port: string | number): string {
  return `tcp://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
