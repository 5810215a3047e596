/** With how many peers a socket of ours that connects is connected, from libzmq's own events. */
import type { Socket } from './sockets.js';

/**
 * To be called before the socket connects: it sees no event that came before.
 * @param changed called with the number of peers whenever a connection is ready or lost
 */
export function connectionsOf(socket: Pick<Socket, 'events'>, changed: (count: number) => void): void {
  // A peer that comes again may have another address: it is the one of its connection.
  const connected = new Set<string>();
  socket.events.on('handshake', ({ address }) => {
    connected.add(address);
    changed(connected.size);
  });
  socket.events.on('disconnect', ({ address }) => {
    if (connected.delete(address)) changed(connected.size);
  });
}
