/**
 * The event number service of 2020: any text is a request, the answer is the next event number as decimal text. The same sequence as
 * our own events'. (The original ended at the text "exit".)
 */

import { type Clock, pause } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import type { RateLimit } from '../requests/rate-limit.js';
import type { EventNumbers } from './numbers.js';
import { type Patience, untilDone } from './patience.js';

/** Event numbers are int32: who draws without end would use them up, so he waits. */
const TOO_MANY_PAUSE_MS = 20;

export interface IdServiceDeps {
  numbers: EventNumbers;
  rate: Pick<RateLimit, 'allows'>;
  clock: Clock;
  patience: Patience;
  rejections: Rejections;
}

/** Answers the request that is being handled. */
export type Answer = (text: string) => Promise<void>;

/** The handler of requests on `zmq_event_id_endpoint`. A REQ waits for its answer, so one must follow: the store is waited for. */
export function idService({ clock, numbers, patience, rate, rejections }: IdServiceDeps): {
  handle(answer: Answer): Promise<void>;
  counts: { answered: number };
} {
  const counts = { answered: 0 };
  const handle = async (answer: Answer): Promise<void> => {
    while (!rate.allows('event numbers')) {
      // A pause that was ended by the stop would be no pause, and this a loop without rest.
      if (patience.stopping.aborted) return;
      await pause(clock, TOO_MANY_PAUSE_MS, patience.stopping);
    }
    try {
      const [number = 0] = await untilDone(() => numbers.next(1), 'event numbers', patience);
      await answer(String(number));
      counts.answered += 1;
    } catch (error) {
      if (patience.stopping.aborted) return;
      rejections.count('event_not_numbered', 'event number service', messageOf(error));
      // Who waits must get something: text that is no number fails where it is read.
      await answer('');
    }
  };
  return { handle, counts };
}
