/** A TCP proxy that forwards data byte by byte. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SlowProxy {
  port: number;
  /** bytes forwarded to the server so far */
  bytes(): number;
  close(): void;
}

const PAUSE_MS = 2;

/** @param to port of the server on loopback */
export async function slowProxy(to: number): Promise<SlowProxy> {
  const sockets = new Set<Socket>();
  let bytes = 0;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.setNoDelay(true);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    const target = keep(connect({ port: to, host: '127.0.0.1' }));
    keep(client);
    target.pipe(client);
    void (async () => {
      for await (const chunk of client) {
        for (const byte of chunk as Buffer) {
          target.write(Uint8Array.of(byte));
          bytes += 1;
          await sleep(PAUSE_MS);
        }
      }
    })().catch(() => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    bytes: () => bytes,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
