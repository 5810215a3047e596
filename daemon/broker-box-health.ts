/** What a broker knows of the health of boxes: the connections of their keys. */
import { type BoxFinding, worseFirst } from '../common/box-findings.js';
import { type TcpPeers, tcpPeers } from '../common/tcp-peers.js';
import type { BoxConnections, KeyConnections } from '../keys/key-connections.js';

/** One box, as a broker serves it. */
export interface BrokerBoxHealth {
  box_id: string;
  findings: readonly BoxFinding[];
  connections?: BoxConnections;
}

/**
 * Connections of the keys of all boxes, or of one.
 * @param endpoints of the sockets that boxes connect to, as they are open
 */
export async function boxConnections(
  connections: KeyConnections,
  endpoints: readonly string[],
  boxId?: number,
  readPeers: (ports: readonly number[]) => Promise<TcpPeers | undefined> = tcpPeers,
): Promise<BrokerBoxHealth[]> {
  const ports = endpoints.flatMap((endpoint) => {
    const port = Number(/^tcp:.*:(\d+)$/.exec(endpoint)?.[1]);
    return Number.isInteger(port) ? [port] : [];
  });
  const peers = await readPeers(ports);
  const list = connections.list(Date.now(), peers, boxId === undefined ? undefined : String(boxId));
  return [...list].map(([box_id, ofBox]) => ({ box_id, findings: [], connections: ofBox }));
}

/** Worst first, then by id. */
export function sortRecords<R extends BrokerBoxHealth>(records: R[]): R[] {
  return records.sort((a, b) => worseFirst(a.findings, b.findings) || Number(a.box_id) - Number(b.box_id));
}
