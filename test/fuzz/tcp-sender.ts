/** Sends bytes on TCP, one connection per input, with a bounded number of connections at a time. */
import { connect } from 'node:net';
import { joined } from './wire-fields.js';

const AT_ONCE = 48;
/** After this time a connection that the peer neither reads nor closes is abandoned. */
const PATIENCE_MS = 3000;

export interface TcpSender {
  /** writes all frames on a new connection and closes it */
  send(frames: readonly Uint8Array[]): Promise<void>;
  /** resolves when all connections are closed */
  idle(): Promise<void>;
  close(): void;
}

export function tcpSender(host: string, port: number): TcpSender {
  let open = 0;
  let count = 0;
  const waiting: (() => void)[] = [];
  const change = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  return {
    async send(frames) {
      while (open >= AT_ONCE) await change();
      open += 1;
      count += 1;
      // A local port cannot be reused for a while after its connection, so use more addresses.
      const localAddress = `127.0.${(count >> 8) & 63}.${1 + (count & 127)}`;
      void once(host, port, localAddress, joined(frames)).then(() => {
        open -= 1;
        for (const wake of waiting.splice(0)) wake();
      });
    },
    async idle() {
      while (open > 0) await change();
    },
    close: () => undefined,
  };
}

/** Resolves when the connection is closed by either side. */
function once(host: string, port: number, localAddress: string, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, localAddress }, () => socket.end(bytes));
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('close', () => resolve());
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  });
}
