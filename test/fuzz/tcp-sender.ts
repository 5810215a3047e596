/** Sends bytes on TCP, one connection per input, with a bounded number of connections at a time. */
import { connect, type TcpNetConnectOpts } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../common/errors.js';
import { joined } from './wire-fields.js';

const AT_ONCE = 48;
/** After this time a connection that the peer neither reads nor closes is abandoned. */
const PATIENCE_MS = 3000;
const RETRY_MS = 100;

export interface TcpSender {
  /** writes all frames on a new connection and closes it. @throws Error once the peer let a connection in no more: what follows would not be read */
  send(frames: readonly Uint8Array[]): Promise<void>;
  /** resolves when all connections are closed */
  idle(): Promise<void>;
  close(): void;
}

/** @param reopenedMs how long connections may be refused while the daemon reopens its sockets; 0: it never does */
export function tcpSender(host: string, port: number, reopenedMs = 0): TcpSender {
  let open = 0;
  let failure: Error | undefined;
  let count = 0;
  const waiting: (() => void)[] = [];
  const change = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  return {
    async send(frames) {
      while (open >= AT_ONCE) await change();
      if (failure !== undefined) throw failure;
      open += 1;
      count += 1;
      // A local port cannot be reused for a while after its connection, so use more addresses.
      const localAddress = `127.0.${(count >> 8) & 63}.${1 + (count & 127)}`;
      void once({ host, port, localAddress }, joined(frames), reopenedMs).then((error) => {
        failure ??= error;
        open -= 1;
        for (const wake of waiting.splice(0)) wake();
      });
    },
    async idle() {
      while (open > 0) await change();
      if (failure !== undefined) throw failure;
    },
    close: () => undefined,
  };
}

/** Resolves when the connection is closed by either side. @returns an error where there was none, also after that time */
async function once(
  to: TcpNetConnectOpts,
  bytes: Uint8Array,
  reopenedMs: number,
): Promise<Error | undefined> {
  const until = performance.now() + reopenedMs;
  for (;;) {
    const refused = await tryOnce(to, bytes);
    if (refused === undefined || performance.now() >= until) return refused;
    await sleep(RETRY_MS);
  }
}

function tryOnce(to: TcpNetConnectOpts, bytes: Uint8Array): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = connect(to, () => socket.end(bytes));
    let refused: Error | undefined;
    socket.on('error', (error) => {
      if (codeOf(error) === 'ECONNREFUSED') refused = error;
    });
    socket.on('data', () => undefined);
    socket.on('close', () => resolve(refused));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  });
}
