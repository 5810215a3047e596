/**
 * Connecting over IPv4 or IPv6. libzmq resolves a name itself, at each try, but takes only the first address of one family. So the family is
 * chosen here: that of an address as it is written; of a name that has both, the one that replies (a broker may listen on 127.0.0.1 alone,
 * while `localhost` is `::1` first).
 */
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { type Address, addressesOfName, type Resolvers, SYSTEM } from './addresses.js';
import { hostKind, type TcpEndpoint, tcpEndpoint } from './tcp-endpoint.js';

interface Connectable {
  readonly closed: boolean;
  ipv6: boolean;
  connect(endpoint: string): void;
}

const RETRY_MS = 1000;
const ANSWER_MS = 2000;
/** The names that libzmq takes; it refuses others immediately, and so the start fails where the configuration names one. */
const NAME = /^[A-Za-z0-9][\w.-]*$/;

/**
 * Connects a socket. An endpoint with a name is connected a moment later, and one whose name has both families as soon as it replies on one
 * of them; a PUB that sends before drops, a PUSH waits.
 * @throws zeromq's error for an invalid endpoint
 */
export function connectTo(socket: Connectable, endpoint: string, resolvers: Resolvers = SYSTEM): void {
  const tcp = tcpEndpoint(endpoint);
  const kind = tcp === undefined ? 4 : hostKind(tcp.host);
  if (tcp !== undefined && kind === 'name' && NAME.test(tcp.host)) {
    void connectByName(socket, endpoint, tcp, resolvers);
    return;
  }
  connectAs(socket, kind === 4 ? 4 : 6, endpoint);
}

/** Set only where it is another one: zeromq warns of each change on a socket that has connected before, for other endpoints. */
function connectAs(socket: Connectable, family: 4 | 6, endpoint: string): void {
  if (socket.ipv6 !== (family === 6)) socket.ipv6 = family === 6;
  socket.connect(endpoint);
}

async function connectByName(
  socket: Connectable,
  endpoint: string,
  { host, port }: TcpEndpoint,
  resolvers: Resolvers,
): Promise<void> {
  while (!socket.closed) {
    // A name that is not known yet is looked up again.
    const addresses = await addressesOfName(host, resolvers).catch(() => []);
    const families = new Set(addresses.map(({ family }) => family));
    const [only] = families;
    const family = families.size > 1 ? await answering(addresses, Number(port)) : only;
    if (socket.closed) return;
    if (family !== undefined) {
      connectAs(socket, family, endpoint);
      return;
    }
    await setTimeout(RETRY_MS, undefined, { ref: false });
  }
}

/** The family of the first address that accepts a connection. */
async function answering(addresses: readonly Address[], port: number): Promise<4 | 6 | undefined> {
  const tries = addresses.map(async ({ address, family }) => {
    if (await isAnswered(address, port)) return family;
    throw new Error('no reply');
  });
  return Promise.any(tries).catch(() => undefined);
}

/** Whether a program accepts connections at an address. */
export function isAnswered(host: string, port: number, timeoutMs = ANSWER_MS): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (answered: boolean) => (): void => {
      // The system can connect a socket to itself where nobody listens.
      resolve(answered && socket.localPort !== port);
      socket.destroy();
    };
    socket.once('connect', end(true)).once('timeout', end(false)).once('error', end(false));
  });
}
