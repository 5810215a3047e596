/** Endpoints inside the process, for a socket in another thread. libzmq asks nobody for a key there. */
import type { Socket } from './sockets.js';

/** Opens a socket at a name inside the process too. @param name used once: a name is not free as soon as its socket is closed @returns the endpoint */
export async function bindInside(socket: Socket, name: string): Promise<string> {
  const endpoint = `inproc://${name}`;
  await socket.bind(endpoint);
  return endpoint;
}
