/** A TCP (or TLS) front to a server on loopback, whose connections a test can cut at a moment of its choice. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export interface TcpProxy {
  port: number;
  /** called with each piece from the server; false: the piece is dropped and the connection cut on both sides */
  onAnswer: (bytes: Buffer) => boolean;
  /** connections so far */
  connections: number;
  close(): Promise<void>;
}

/** @param tls key and certificate (PEM) to speak TLS to those who connect */
export async function startTcpProxy(toPort: number, tls?: { key: string; cert: string }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const front = (client: Socket): void => {
    proxy.connections += 1;
    const server = connect(toPort, '127.0.0.1');
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes) => {
      if (proxy.onAnswer(bytes)) client.write(bytes);
      else cut();
    });
  };
  const listener: Server = tls === undefined ? createServer(front) : createTlsServer(tls, front);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const proxy: TcpProxy = {
    port: (listener.address() as AddressInfo).port,
    onAnswer: () => true,
    connections: 0,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
  return proxy;
}
