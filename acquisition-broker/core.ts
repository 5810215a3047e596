/** The acquisition broker without its sockets: the pieces put together. */

import type { Clock } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { Rejections } from '../common/rejections.js';
import type { AcquisitionBrokerConfig } from '../config/index.js';
import * as proto from '../proto/index.js';
import type { Store } from '../store/store.js';
import { Locations } from './boxes/locations.js';
import { Pinger } from './boxes/pinger.js';
import { Presence, parseSubscription } from './boxes/presence.js';
import { BoxSender } from './boxes/sender.js';
import { SequenceNumbers } from './boxes/sequence-numbers.js';
import { idService } from './events/id-service.js';
import { EventIntake } from './events/intake.js';
import { Notices } from './events/notices.js';
import { EventNumbers } from './events/numbers.js';
import type { Patience } from './events/patience.js';
import { TokenEvents } from './events/tokens.js';
import { Asker } from './open/asker.js';
import { RequestBook } from './open/book.js';
import type { OpenRequest } from './open/request.js';
import { replyDispatcher } from './replies/dispatch.js';
import { requestDispatcher } from './requests/dispatch.js';
import { RateLimit } from './requests/rate-limit.js';
import { CommandRouter } from './requests/router.js';
import type { ReplyLimits } from './waveforms/decode.js';
import { WaveformQueue } from './waveforms/queue.js';

/** ms after the end of a window of the future before it is asked for: boxes gather ten cycles at a time, and clocks differ. */
const SETTLE_MS = 500;
/** Boxes remembered: their kinds, places, subscriptions. */
const REMEMBERED_BOXES = 20_000;

/** How the pieces reach the sockets. */
export interface Outlets {
  toBoxes(frames: readonly [string, Uint8Array]): void;
  toClients(frames: readonly (string | Uint8Array)[]): void;
  toNoticeReaders(frames: readonly [string, string]): void;
}

export interface CoreOptions {
  config: AcquisitionBrokerConfig;
  identity: string;
  store: Store;
  clock: Clock;
  log: Logger;
  outlets: Outlets;
  /** whether a certificate names this box */
  isKnownBox(boxId: number): boolean;
}

export type Core = ReturnType<typeof createCore>;

export function createCore(options: CoreOptions) {
  const { clock, config, identity, log, outlets, store } = options;
  const stopping = new AbortController();
  const rejections = new Rejections(log, () => clock.now());
  const traffic = { sent: 0, recv: 0 };
  const patience: Patience = { clock, log, stopping: stopping.signal };
  const base = { clock, log, store, rejections, patience };
  const presence = new Presence(clock, REMEMBERED_BOXES, () => rejections.count('too_many_subscriptions'));
  const sender = new BoxSender({
    ...{ proto, publish: outlets.toBoxes, rejections, traffic },
    readSent: () => pinger.postpone(),
  });
  const asker = new Asker({ clock, sender, presence, identity, maxWindowMs: config.max_window_ms });
  const book = new RequestBook({
    clock,
    asker,
    log,
    limit: config.limits.open_requests,
    settleMs: SETTLE_MS,
    done: (request) => forget(request, store, log),
  });
  const pinger: Pinger = new Pinger({
    clock,
    ping: (number) => {
      presence.broadcast();
      sender.ping(number);
    },
    greeted: () => book.box2Came(),
  });
  const events = createEvents({ ...base, config, identity, outlets, presence, book });
  const queue = new WaveformQueue({
    ...base,
    proto,
    book,
    notices: events.notices,
    locations: new Locations(store, clock, config.ttl_cache_ttl * 1000, REMEMBERED_BOXES),
    limits: replyLimits(config),
    limitBytes: config.limits.answers_bytes,
    busy: () => events.intake.busy,
  });
  const rate = new RateLimit({
    clock,
    perSecond: config.limits.requests_per_second,
    burst: config.limits.requests_burst,
  });
  const requests = requestDispatcher({
    ...base,
    ...events,
    proto,
    rate,
    maxWindowMs: config.max_window_ms,
  });
  const replyCounts = { received: 0, pong: 0, error: 0, resp: 0, response: 0, routed: 0 };
  const dispatchReply = replyDispatcher({
    ...base,
    proto,
    presence,
    book,
    queue,
    isKnownBox: options.isKnownBox,
    route: (to, frames) => outlets.toClients([to, ...frames]),
    counts: replyCounts,
  });
  const ids = idService({ ...base, numbers: events.numbers, rate });
  return {
    rejections,
    patience,
    traffic,
    presence,
    sender,
    asker,
    book,
    pinger,
    queue,
    requests,
    replyCounts,
    ids,
    ...events,
    subscription: subscriptionHandler(presence, book, pinger, rejections),
    /** A message on `box_pull`. */
    reply(frames: readonly Uint8Array[]): void {
      for (const frame of frames) traffic.recv += frame.length;
      dispatchReply(frames);
    },
    /** Takes up requests that were open when the last broker ended. What was read late may be this broker's own: that is here already. */
    resume(read: readonly OpenRequest[]): void {
      const open = read.filter(({ key }) => !book.has(key));
      events.tokens.restore(open);
      for (const request of open) book.add(request);
    },
    /** From here on the store is not waited for any more. */
    giveUpStore: () => stopping.abort(),
  };
}

/** Mains of 70 Hz at 12 kHz with some samples more: the longest window that may be asked for fits, whatever the limits say. */
function replyLimits({ limits, max_window_ms }: AcquisitionBrokerConfig): ReplyLimits {
  const cycles = Math.max(limits.cycles_per_reply, Math.ceil((max_window_ms * 70) / 1000) + 100);
  return { cycles, samples: Math.max(limits.samples_per_reply, cycles * 250) };
}

type EventOptions = Pick<CoreOptions, 'config' | 'identity' | 'outlets' | 'store' | 'clock'> & {
  presence: Presence;
  book: RequestBook;
  rejections: Rejections;
  patience: Patience;
};

/** From requests to events and commands. */
function createEvents(options: EventOptions) {
  const { config, outlets, store } = options;
  const notices = new Notices({
    sendEvnew: outlets.toClients,
    sendNotice: outlets.toNoticeReaders,
  });
  const numbers = new EventNumbers(store);
  const deps = {
    ...options,
    notices,
    numbers,
    sequence: new SequenceNumbers(),
    limit: config.limits.open_requests,
  };
  return {
    notices,
    numbers,
    intake: new EventIntake(deps),
    tokens: new TokenEvents(deps),
    router: new CommandRouter(deps),
  };
}

/** The handler of messages on `box_pub`: who is there. */
function subscriptionHandler(presence: Presence, book: RequestBook, pinger: Pinger, rejections: Rejections) {
  return (frames: readonly Uint8Array[]): void => {
    const message = parseSubscription(frames);
    if (message === undefined) rejections.count('strange_subscription');
    else if (message.boxId === undefined) {
      if (!message.on) presence.unsubscribedFromEverything();
      else {
        presence.subscribedToEverything();
        pinger.greet();
      }
    } else if (!message.on) presence.unsubscribed(message.boxId);
    else {
      presence.subscribed(message.boxId);
      book.box3Came(message.boxId);
    }
  };
}

/** Takes a request that needs nothing more out of the store; if that fails, the next broker asks once more, to no harm. */
function forget(request: OpenRequest, store: Store, log: Logger): void {
  request.persisted
    .then(() => store.removeOpenRequest(request.key))
    .catch((error: unknown) =>
      log.warn({ request: request.key, error: messageOf(error) }, 'open request not removed'),
    );
}
