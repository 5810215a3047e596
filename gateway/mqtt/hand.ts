/** Hands a message to one who hears it. */
import type { ThrottledLog } from '../../common/throttled-log.js';
import type { Hear, Incoming } from './link.js';

/**
 * What a hearer throws is a fault of its own: it is logged, holds up no other hearer, and the message would be no better the next time.
 * @returns what it promises, which is rejected where the message could not be kept
 */
export function hand(heard: Hear, message: Incoming, log: ThrottledLog): ReturnType<Hear> {
  try {
    return heard(message);
  } catch (err) {
    log.error({ err, topic: message.topic }, 'a message could not be acted on');
    return undefined;
  }
}
