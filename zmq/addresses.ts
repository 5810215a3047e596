/** The addresses of a host or an interface, of both families. */
import { lookup } from 'node:dns/promises';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { endpointAt, hostKind, tcpEndpoint } from './tcp-endpoint.js';

export interface Address {
  address: string;
  family: 4 | 6;
}

export interface Resolvers {
  lookup(host: string): Promise<{ address: string; family: number }[]>;
  interfaces(): NodeJS.Dict<NetworkInterfaceInfo[]>;
}

export const SYSTEM: Resolvers = {
  lookup: (host) => lookup(host, { all: true }),
  interfaces: networkInterfaces,
};

/** All addresses of a name. @throws the system's error (ENOTFOUND, EAI_AGAIN) where it has none */
export async function addressesOfName(
  name: string,
  { lookup: look }: Resolvers = SYSTEM,
): Promise<Address[]> {
  const found = await look(name);
  const distinct = new Map(found.map(({ address, family }) => [address, family === 6 ? 6 : 4] as const));
  return [...distinct].map(([address, family]) => ({ address, family }));
}

/**
 * Where a socket is bound for a host: an address itself, those of a network interface, or those of a name. Link-local addresses of an
 * interface count only where it has no others.
 * @throws as `addressesOfName`
 */
export async function addressesToBind(host: string, resolvers: Resolvers = SYSTEM): Promise<Address[]> {
  const kind = hostKind(host);
  if (kind === 4 || kind === 6) return [{ address: host, family: kind }];
  const ofInterface = resolvers.interfaces()[host];
  if (ofInterface === undefined) return addressesOfName(host, resolvers);
  const all = ofInterface.map(({ address, family, ...rest }): Address & { isLocal: boolean } => {
    const isLocal = 'scopeid' in rest && rest.scopeid > 0;
    return family === 'IPv6'
      ? { address: isLocal ? `${address}%${host}` : address, family: 6, isLocal }
      : { address, family: 4, isLocal };
  });
  const wide = all.filter(({ isLocal }) => !isLocal);
  return (wide.length > 0 ? wide : all).map(({ address, family }) => ({ address, family }));
}

/** Where a client on this machine reaches a socket that was opened with this endpoint: every address or an interface is no place to connect to. */
export function reachableHere(endpoint: string, { interfaces }: Resolvers = SYSTEM): string {
  const tcp = tcpEndpoint(endpoint);
  if (tcp === undefined) return endpoint;
  const all = interfaces();
  const isEvery = hostKind(tcp.host) === 'all' || tcp.host === '0.0.0.0';
  const candidates = isEvery ? Object.values(all).flat() : all[tcp.host];
  const own = candidates?.filter((one) => one !== undefined && (!isEvery || one.internal)) ?? [];
  const at = own.find((one) => one?.family === 'IPv4') ?? own[0];
  return at === undefined ? endpoint : endpointAt(at.address, tcp.port);
}
