/** Client requests: what comes in on `backend_pull`, each frame a request of its own. */
import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Rejections } from '../../common/rejections.js';
import { COMMAND_DIALECT, DecodeError } from '../../proto/index.js';
import type { Outbox } from '../../store/outbox/outbox.js';
import type { ImportedBoxes } from '../boxes/imported-boxes.js';
import { OpenRequest } from '../open-requests/open-request.js';
import type { OpenRequests } from '../open-requests/open-requests.js';
import { bodyOf } from '../open-requests/persistence.js';
import type { EventIntake } from './event-intake.js';
import type { RateLimit } from './rate-limit.js';
import { type Refusal, type Request, type RoutedRequest, readRequest } from './request.js';
import type { TokenEvents } from './token-events.js';

export interface RequestHandlerDeps {
  clock: Clock;
  outbox: Pick<Outbox, 'put'>;
  rate: RateLimit;
  intake: EventIntake;
  tokens: TokenEvents;
  open: OpenRequests;
  rejections: Rejections;
  imported: Pick<ImportedBoxes, 'has' | 'isMeter'>;
  maxWindowMs: number;
}

export class RequestHandler {
  readonly #deps: RequestHandlerDeps;
  /** frames that came, those that were taken, and Commands whose reply is only routed */
  readonly counts = { received: 0, taken: 0, routed: 0 };

  constructor(deps: RequestHandlerDeps) {
    this.#deps = deps;
  }

  readonly handle = (frames: readonly Uint8Array[]): void => {
    for (const frame of frames) this.#handleFrame(frame);
  };

  #handleFrame(frame: Uint8Array): void {
    const { clock, maxWindowMs, rejections } = this.#deps;
    this.counts.received += 1;
    try {
      const read = readRequest(frame, { nowMs: clock.now(), maxWindowMs });
      const { client, refusal } =
        'refusal' in read ? read : { client: read.request.client, refusal: this.#accept(read.request) };
      if (refusal === undefined) this.counts.taken += 1;
      else rejections.count(refusal, client);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      rejections.count('malformed_request', undefined, error.message);
    }
  }

  /** The rate is checked last, so that only valid requests count. */
  #accept(request: Request): Refusal {
    const { intake, rate, tokens } = this.#deps;
    if (!rate.allows(request.client)) return 'too_many_requests';
    const named = this.#withoutImported(request.boxIds);
    if (named.length === 0 && request.boxIds.length > 0) return 'imported_box';
    // An event may be about a meter; a command cannot reach one.
    if (
      request.kind !== 'event' &&
      named.every((boxId) => this.#deps.imported.isMeter(boxId)) &&
      named.length > 0
    )
      return 'meter';
    switch (request.kind) {
      case 'event':
        return intake.accept({ ...request, boxIds: named });
      case 'token':
        return tokens.accept(request);
      case 'routed':
        return this.#route(request);
    }
  }

  /** The boxes that a device may connect as; where others stay, those that were imported are counted one by one. */
  #withoutImported(boxIds: readonly number[]): readonly number[] {
    const { imported, rejections } = this.#deps;
    const left = boxIds.filter((boxId) => !imported.has(boxId));
    if (left.length === boxIds.length || left.length === 0) return left;
    const leftSet = new Set(left);
    for (const boxId of boxIds) if (!leftSet.has(boxId)) rejections.count('imported_box', `box ${boxId}`);
    return left;
  }

  /** Sends a Command whose reply is only routed. It does not wait for the store: no event depends on it. */
  #route({ command, window }: RoutedRequest): Refusal {
    const { clock, open, outbox, rejections } = this.#deps;
    if (!open.hasCapacity(1)) return 'too_many_open_requests';
    const number = open.newNumber(COMMAND_DIALECT);
    const request = new OpenRequest({
      key: `command:${number}`,
      acceptedAtMs: clock.now(),
      window,
      command,
      asks: [{ boxId: command.boxId, numbers: new Map([[COMMAND_DIALECT, number]]) }],
    });
    this.counts.routed += 1;
    open.add(request);
    const kept = { key: request.key, body: bodyOf(request) };
    request.persisted = outbox
      .put({ kind: 'open_request', request: kept }, { once: true })
      .catch((error: unknown) => rejections.count('open_request_not_kept', request.key, messageOf(error)));
    return undefined;
  }
}
