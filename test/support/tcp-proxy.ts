/** A TCP (or TLS) front to a server on loopback, whose connections a test can cut at a moment of its choice. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { freePort } from './free-port.js';

export interface TcpProxy {
  port: number;
  /** called with each piece from the server; false: the piece is dropped and the connection cut on both sides */
  onAnswer: (bytes: Buffer) => boolean;
  /** connections so far */
  connections: number;
  /** cuts all connections; those who connect are refused until `open` */
  shut(): Promise<void>;
  open(): Promise<void>;
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
  // Also those that have not shaken hands yet: `shut` would wait for them.
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const open = async (port: number): Promise<number> => {
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return (listener.address() as AddressInfo).port;
  };
  const shut = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (!listener.listening) return;
    listener.close();
    await once(listener, 'close');
  };
  const proxy: TcpProxy = {
    port: await open(await freePort()),
    onAnswer: () => true,
    connections: 0,
    shut,
    open: async () => void (await open(proxy.port)),
    close: shut,
  };
  return proxy;
}
