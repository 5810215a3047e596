/**
 * Handshakes of each box's key, by address. ZeroMQ does not say which connection ended, so how many are open is taken from the system's
 * table of TCP connections. That works as long as no other key comes from the same address (a router with NAT): then it is not known.
 */
import { RecentMap } from '../common/recent-map.js';
import type { TcpPeers } from '../common/tcp-peers.js';

const MAX_BOXES = 20_000;
const MAX_ADDRESSES = 4;
/** A connection whose peer is gone without a word lasts about a minute; two that last longer are two devices, or one with two programs. */
const HALF_OPEN_MS = 90_000;

interface AddressOf {
  handshakes: number;
  lastMs: number;
}

/** Connections of one box's key, with the names that they have in `makai boxes health`. */
export interface BoxConnections {
  /** since the start, also those of addresses that are no longer listed */
  handshakes: number;
  /** newest first, at most four */
  addresses: { address: string; handshakes: number; last_ms: number }[];
  /** open now on one endpoint, the max of the endpoints; left out where it cannot be known */
  open?: number;
  /** more than one has been open on one endpoint for longer than 90 s: evidence of a copied key, and by itself no proof */
  twice?: true;
}

export class KeyConnections {
  readonly #boxes = new RecentMap<string, { handshakes: number; addresses: RecentMap<string, AddressOf> }>(
    MAX_BOXES,
  );

  /** Notes a handshake that passed. @param nowMs Unix ms */
  admitted(boxId: string, address: string, nowMs: number): void {
    const box = this.#boxes.use(boxId, () => ({ handshakes: 0, addresses: new RecentMap(MAX_ADDRESSES) }));
    const { handshakes } = box.addresses.get(address) ?? { handshakes: 0 };
    box.handshakes += 1;
    box.addresses.set(address, { handshakes: handshakes + 1, lastMs: nowMs });
  }

  /**
   * @param peers of the endpoints' ports; undefined: not known
   * @param only this box
   */
  list(nowMs: number, peers: TcpPeers | undefined, only?: string): Map<string, BoxConnections> {
    const owners = peers && this.#owners();
    const all = new Map<string, BoxConnections>();
    for (const [boxId, { addresses, handshakes }] of this.#boxes) {
      if (only !== undefined && boxId !== only) continue;
      const listed = [...addresses].reverse();
      const isOwn = listed.every(([address]) => owners?.get(address) === 1);
      const perPort = [...(peers?.values() ?? [])].map((ofPort) =>
        listed.map(([address]) => ofPort.get(address) ?? 0),
      );
      const open = isOwn
        ? Math.max(0, ...perPort.map((counts) => counts.reduce((sum, count) => sum + count, 0)))
        : undefined;
      const newestMs = Math.max(...listed.map(([, { lastMs }]) => lastMs));
      all.set(boxId, {
        handshakes,
        addresses: listed.map(([address, of]) => ({
          address,
          handshakes: of.handshakes,
          last_ms: of.lastMs,
        })),
        ...(open === undefined ? {} : { open }),
        ...(open !== undefined && open > 1 && nowMs - newestMs > HALF_OPEN_MS ? { twice: true } : {}),
      });
    }
    return all;
  }

  /** All addresses that boxes came from. */
  addresses(): ReadonlySet<string> {
    return new Set(this.#owners().keys());
  }

  /** How many boxes came from each address. */
  #owners(): Map<string, number> {
    const owners = new Map<string, number>();
    for (const { addresses } of this.#boxes.values())
      for (const address of addresses.keys()) owners.set(address, (owners.get(address) ?? 0) + 1);
    return owners;
  }
}
