/** TCP ports for servers that bind them later, or that come back at the same ones. */
import { once } from 'node:events';
import { createServer, type ListenOptions, type Server } from 'node:net';

/**
 * Below the range from which Linux gives ports to outgoing connections and to those who ask for any port (32768 and up): the kernel gives them to
 * nobody by chance, also while the server is not running.
 */
export const PORTS = { first: 15_000, count: 17_000 };
/** Reservations that a process keeps; the oldest is given back for a further one. */
const MAX_RESERVED = 1000;

/** Held so that no other process of this machine is given the same port before its server has bound it. */
const reserved: Server[] = [];

/** Ports that are free on every address now, each given to one caller only among the processes of this machine that ask here. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if ((await reserve(port)) && (await isFree({ port }))) ports.push(port);
  }
  return ports;
}

/** Whether a server can listen there now. */
export async function isFree(at: ListenOptions): Promise<boolean> {
  const server = await listen(at);
  if (server === undefined) return false;
  server.close();
  await once(server, 'close');
  return true;
}

/** By a name among Linux' abstract sockets, which the kernel frees when the process ends. Other systems have none: there a port is only free. */
async function reserve(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const server = await listen({ path: `\0makai-port-${port}` });
  if (server === undefined) return false;
  server.unref();
  reserved.push(server);
  if (reserved.length > MAX_RESERVED) reserved.shift()?.close();
  return true;
}

/** @returns undefined where another server is there, or none is allowed */
async function listen(at: ListenOptions): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen({ ...at, exclusive: true });
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
