/**
 * Who listens to a box. A PUB drops what it sends while nobody has subscribed, and does not say so; an XPUB, the same socket in all that a
 * peer can see, hands out the subscriptions. (A SUB that was bound subscribes only once its program receives.)
 */
import type { XPublisher } from '../zmq/sockets.js';

/** Reads what subscribers say for as long as the socket is open; resolves at the first subscription, or when it is closed. */
export async function firstSubscription(socket: XPublisher): Promise<void> {
  await new Promise<void>((resolve) => {
    const read = async (): Promise<void> => {
      for await (const [frame] of socket) if (frame?.[0] === 1) resolve();
    };
    // closed while it was reading
    read().then(resolve, () => resolve());
  });
}
