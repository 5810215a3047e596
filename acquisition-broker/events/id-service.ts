/**
 * The event id service of v3: any text is a request, the reply is the next event id as decimal text, from the same sequence as the ids of
 * our own events. (The original stopped at the text "exit".)
 */

import { type Clock, pause } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import type { EventIdSource } from '../../store/outbox/event-ids.js';

/** Event ids are int32: a client that draws without end would exhaust them, so it has to wait. */
const TOO_MANY_PAUSE_MS = 20;

export interface IdServiceDeps {
  eventIds: Pick<EventIdSource, 'next'>;
  /** of `RateLimit` */
  rate: { allows(client: string): boolean };
  clock: Clock;
  /** aborted: the store is not waited for any more */
  stopping: AbortSignal;
  rejections: Rejections;
}

/** Sends the reply to the request that is being handled. */
export type SendReply = (text: string) => Promise<void>;

/** The handler of requests on `zmq_event_id_endpoint`. A REQ waits for its reply, so one must follow: the store is waited for. */
export function idService({ clock, eventIds, rate, rejections, stopping }: IdServiceDeps): {
  handle(reply: SendReply): Promise<void>;
  counts: { served: number };
} {
  const counts = { served: 0 };
  const handle = async (reply: SendReply): Promise<void> => {
    while (!rate.allows('event ids')) {
      // After the stop a pause ends immediately, and this would be a busy loop.
      if (stopping.aborted) return;
      await pause(clock, TOO_MANY_PAUSE_MS, stopping);
    }
    try {
      const [id = 0] = await eventIds.next(1);
      await reply(String(id));
      counts.served += 1;
    } catch (error) {
      if (stopping.aborted) return;
      rejections.count('event_without_id', 'event id service', messageOf(error));
      // The client waits for a reply: text that is not a number fails where it is read.
      await reply('');
    }
  };
  return { handle, counts };
}
