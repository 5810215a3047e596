/**
 * Where connections with another server key come from. ZeroMQ reports only that such a handshake failed, since the box's own key is inside what
 * cannot be decrypted. But the connection is closed by us, and the system keeps its address for a minute (TIME_WAIT). Addresses of keys
 * that were refused are left out, since they close connections too, and those of boxes that were let in, unless there are many and none is open:
 * a box that was given another key, or whose server has another one.
 */
import type { Logger } from '../common/log.js';
import { RecentMap } from '../common/recent-map.js';
import { type PeerStates, tcpPeerStates } from '../common/tcp-peers.js';
import { ThrottledLog } from '../common/throttled-log.js';
import type { Connections } from '../zmq/connections.js';
import { tcpEndpoint } from '../zmq/tcp-endpoint.js';
import type { Gate } from './gate.js';

const MAX_ADDRESSES = 100;
/** A box tries again ten times a second: the table is read so seldom, ms. */
const LOOK_EVERY_MS = 1000;
/** A box that is longer silent has been given a key, or is gone, ms. */
export const RECENT_MS = 15 * 60_000;
const LINES_PER_MINUTE = 20;
/** A box that is restarted closes fewer connections within a minute. */
const MANY_CLOSED = 10;

/** One address, with the names that it has in the status. */
export interface WrongKeyAddress {
  address: string;
  /** ISO 8601 */
  first: string;
  last: string;
}

export interface WrongKeyPeersOptions {
  sockets: readonly Connections[];
  /** where they are open */
  endpoints: () => readonly string[];
  gate: Pick<Gate, 'connections' | 'refusals'>;
  log: Logger;
  readPeers?: (ports: readonly number[]) => Promise<PeerStates | undefined>;
  now?: () => number;
}

export class WrongKeyPeers {
  readonly #options: WrongKeyPeersOptions;
  readonly #log: ThrottledLog;
  readonly #addresses = new RecentMap<string, { firstMs: number; lastMs: number }>(MAX_ADDRESSES);
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #isLooking = false;
  #isUnknownLogged = false;

  constructor(options: WrongKeyPeersOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log, { perMinute: LINES_PER_MINUTE });
    for (const socket of options.sockets)
      socket.onFailed((reason) => {
        if (reason === 'wrong_server_key') void this.#look();
      });
  }

  /** Newest first. */
  list(): WrongKeyAddress[] {
    return [...this.#addresses]
      .map(([address, { firstMs, lastMs }]) => ({
        address,
        first: new Date(firstMs).toISOString(),
        last: new Date(lastMs).toISOString(),
      }))
      .reverse();
  }

  /** How many addresses tried within the last 15 minutes. */
  get recent(): number {
    const since = this.#now() - RECENT_MS;
    return [...this.#addresses.values()].filter(({ lastMs }) => lastMs >= since).length;
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const now = this.#now();
    if (this.#isLooking || now - this.#lastLookMs < LOOK_EVERY_MS) return;
    this.#isLooking = true;
    this.#lastLookMs = now;
    const { endpoints, gate, readPeers = tcpPeerStates } = this.#options;
    const ports = endpoints().map((endpoint) => Number(tcpEndpoint(endpoint)?.port));
    const peers = await readPeers(ports.filter((port) => port > 0));
    this.#isLooking = false;
    const refused = new Set(gate.refusals.list().map(({ address }) => address));
    const admitted = gate.connections.addresses();
    const found = [...(peers?.closing ?? [])]
      .filter(
        ([address, count]) =>
          !refused.has(address) &&
          (!admitted.has(address) || (count >= MANY_CLOSED && peers?.open.has(address) !== true)),
      )
      .map(([address]) => address);
    for (const address of found) this.#note(address, now);
    if (found.length > 0 || this.#isUnknownLogged) return;
    this.#isUnknownLogged = true;
    this.#log.warn(
      {},
      'a connection with another server key than ours; its address is not known, or boxes that are let in share it',
    );
  }

  #note(address: string, now: number): void {
    const known = this.#addresses.get(address);
    this.#addresses.set(address, { firstMs: known?.firstMs ?? now, lastMs: now });
    if (known !== undefined && now - known.lastMs < RECENT_MS) return;
    this.#log.warn(
      { address },
      'a connection with another server key than ours: a box there needs our opqserver.key (docs/troubleshooting.md)',
    );
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}
