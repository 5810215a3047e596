/**
 * Detects whether somebody subscribes to a box. A PUB drops messages while nobody has subscribed and does not report it. An XPUB, which looks the
 * same to a peer, passes subscriptions to us. (A bound SUB sends its subscription only when its program receives.)
 */
import type { XPublisher } from '../zmq/sockets.js';

/** Reads subscriptions for as long as the socket is open. Resolves at the first subscription, or when the socket is closed. */
export async function firstSubscription(socket: XPublisher): Promise<void> {
  await new Promise<void>((resolve) => {
    const read = async (): Promise<void> => {
      for await (const [frame] of socket) if (frame?.[0] === 1) resolve();
    };
    // the socket was closed while it was reading
    read().then(resolve, () => resolve());
  });
}
