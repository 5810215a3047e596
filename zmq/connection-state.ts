/** Whether a socket of ours that connects is connected, from libzmq's own events. */
import type { Socket } from './sockets.js';

/**
 * To be called before the socket connects: it sees no event that came before.
 * @param count of endpoints that the socket connects to
 * @param changed called with true when all are connected, with false when one of them is lost
 */
export function connectionsOf(
  socket: Pick<Socket, 'events'>,
  count: number,
  changed: (isConnected: boolean) => void,
): void {
  // A peer that comes again may have another address: it is the one of its connection.
  const connected = new Set<string>();
  socket.events.on('handshake', ({ address }) => {
    connected.add(address);
    if (connected.size === count) changed(true);
  });
  socket.events.on('disconnect', ({ address }) => {
    if (connected.delete(address) && connected.size === count - 1) changed(false);
  });
}
