/** Commands whose reply is only routed: out at once, with a sequence number of ours; the reply goes back to their identity. */

import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import type { Command } from '../../proto/messages.js';
import type { Store } from '../../store/store.js';
import type { SequenceNumbers } from '../boxes/sequence-numbers.js';
import type { RequestBook } from '../open/book.js';
import { bodyOf } from '../open/persistence.js';
import { newRequest } from '../open/request.js';
import type { Refusal } from './context.js';

export interface RouterDeps {
  store: Pick<Store, 'putOpenRequest'>;
  clock: Clock;
  book: RequestBook;
  sequence: SequenceNumbers;
  rejections: Rejections;
}

export class CommandRouter {
  readonly #deps: RouterDeps;
  routed = 0;

  constructor(deps: RouterDeps) {
    this.#deps = deps;
  }

  /** Sends a checked Command. It does not wait for the store: no event hangs on it, and routing goes on while the store is away. */
  route(command: Command): Refusal {
    const { book, clock, rejections, sequence, store } = this.#deps;
    if (!book.hasRoom(1)) return 'too_many_open_requests';
    const seq = sequence.next((number) => book.isTaken(number));
    const { body } = command;
    const request = newRequest({
      key: `command:${seq}`,
      acceptedAtMs: clock.now(),
      ...(body.kind === 'data' ? { window: { startMs: body.startMs, endMs: body.endMs } } : {}),
      command,
      asks: [{ boxId: command.boxId, read: false, seq }],
    });
    this.routed += 1;
    book.add(request);
    request.persisted = store
      .putOpenRequest({ key: request.key, body: bodyOf(request) })
      .catch((error: unknown) => rejections.count('open_request_not_kept', request.key, messageOf(error)));
    return undefined;
  }
}
