/** Whether a socket of ours that connects is connected, from libzmq's own events. */
import type { Socket } from './sockets.js';

/** @param changed called with true when a connection is ready, with false when it is lost */
export function connectionOf(socket: Pick<Socket, 'events'>, changed: (isConnected: boolean) => void): void {
  socket.events.on('handshake', () => changed(true));
  socket.events.on('disconnect', () => changed(false));
}
