/** Which boxes connect: subscriptions on `box_pub`, and what makes those that do not name themselves say who they are. */
import type { Clock } from '../common/clock.js';
import type { Rejections } from '../common/rejections.js';
import { DIALECTS, type Dialect } from '../proto/index.js';
import { type ConnectedBoxes, parseSubscription } from './boxes/connected-boxes.js';
import { Pinger } from './boxes/pinger.js';
import type { BoxSender } from './boxes/sender.js';
import type { OpenRequests } from './open-requests/open-requests.js';

export function createPingers(
  clock: Clock,
  boxes: ConnectedBoxes,
  sender: BoxSender,
  open: OpenRequests,
): ReadonlyMap<Dialect, Pinger> {
  const pingers = new Map<Dialect, Pinger>();
  for (const dialect of DIALECTS) {
    const { keepAlive } = dialect;
    if (keepAlive === undefined) continue;
    const pinger = new Pinger({
      clock,
      greeted: () => open.boxReturned(dialect, undefined),
      keepAlive,
      lastCommandAt: () => boxes.lastAskedAt(dialect),
      ping: (count) => sender.send(dialect, keepAlive.message(count)),
    });
    pingers.set(dialect, pinger);
  }
  return pingers;
}

/** The handler of messages on `box_pub`: which boxes are connected. @param changed called after each */
export function subscriptionHandler(
  boxes: ConnectedBoxes,
  open: OpenRequests,
  pingers: ReadonlyMap<Dialect, Pinger>,
  rejections: Rejections,
  changed: () => void,
) {
  return (frames: readonly Uint8Array[]): void => {
    const message = parseSubscription(frames);
    if (message === undefined) {
      rejections.count('strange_subscription');
      return;
    }
    const { boxId, dialect, on } = message;
    if (!on) {
      boxes.unsubscribed(dialect, boxId);
      changed();
      return;
    }
    boxes.subscribed(dialect, boxId);
    changed();
    // A box that does not say which it is is greeted first: its reply to that says so.
    if (boxId === undefined) pingers.get(dialect)?.greet();
    else open.boxReturned(dialect, boxId);
  };
}
