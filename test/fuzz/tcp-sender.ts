/** Sends bytes on TCP, one connection per input, with a bounded number of connections at a time. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../common/errors.js';
import { joined } from './wire-fields.js';

const AT_ONCE = 48;
/** After this time a connection that the peer neither reads nor closes is abandoned. */
const PATIENCE_MS = 3000;
/** A broker whose proxy was ended by a strange message reopens its sockets (docs/reliability.md): for a moment it refuses connections. */
const REOPENING = { mostMs: 10_000, everyMs: 100 } as const;

export interface TcpSender {
  /** writes all frames on a new connection and closes it. @throws Error once the peer let a connection in no more: what follows would not be read */
  send(frames: readonly Uint8Array[]): Promise<void>;
  /** resolves when all connections are closed */
  idle(): Promise<void>;
  close(): void;
}

export function tcpSender(host: string, port: number): TcpSender {
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
      void once(host, port, localAddress, joined(frames)).then((error) => {
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

/** Resolves when the connection is closed by either side. @returns an error where there was none, also a while later */
async function once(
  host: string,
  port: number,
  localAddress: string,
  bytes: Uint8Array,
): Promise<Error | undefined> {
  const until = performance.now() + REOPENING.mostMs;
  for (;;) {
    const refused = await tryOnce(host, port, localAddress, bytes);
    if (refused === undefined || performance.now() > until) return refused;
    await sleep(REOPENING.everyMs);
  }
}

function tryOnce(
  host: string,
  port: number,
  localAddress: string,
  bytes: Uint8Array,
): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, localAddress }, () => socket.end(bytes));
    let refused: Error | undefined;
    socket.on('error', (error) => {
      if (codeOf(error) === 'ECONNREFUSED') refused = error;
    });
    socket.on('data', () => undefined);
    socket.on('close', () => resolve(refused));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  });
}
