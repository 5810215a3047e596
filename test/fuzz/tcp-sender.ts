/** Bytes on TCP connections, one connection for each input, a bounded number at a time. */
import { connect } from 'node:net';
import { joined } from './wire-fields.js';

const AT_ONCE = 48;
/** Who neither reads nor closes by then keeps the rest from being seen; it is left. */
const PATIENCE_MS = 3000;

export interface TcpSender {
  /** writes all frames on a new connection and ends it */
  send(frames: readonly Uint8Array[]): Promise<void>;
  /** fulfilled when all connections are closed */
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
      // Each port of ours rests a while after its connection; more addresses have more ports.
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

/** Fulfilled when the connection is over, whoever ended it. */
function once(host: string, port: number, localAddress: string, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, localAddress }, () => socket.end(bytes));
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('close', () => resolve());
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  });
}
