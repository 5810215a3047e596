/** The acquisition broker without its sockets: the pieces put together. */

import type { Clock } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import type { Logger } from '../common/log.js';
import { Rejections } from '../common/rejections.js';
import type { AcquisitionBrokerSettings } from '../config/index.js';
import * as proto from '../proto/index.js';
import { EventIdSource } from '../store/outbox/event-ids.js';
import { Outbox } from '../store/outbox/outbox.js';
import type { BoxReader, EventIds } from '../store/store.js';
import type { Sink } from '../store/writes.js';
import { Locations } from './boxes/locations.js';
import { Pinger } from './boxes/pinger.js';
import { Presence, parseSubscription } from './boxes/presence.js';
import { BoxSender } from './boxes/sender.js';
import { SequenceNumbers } from './boxes/sequence-numbers.js';
import { idService } from './events/id-service.js';
import { EventIntake } from './events/intake.js';
import { Notices } from './events/notices.js';
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
  settings: AcquisitionBrokerSettings;
  identity: string;
  store: Sink & EventIds & Pick<BoxReader, 'box'>;
  clock: Clock;
  log: Logger;
  outlets: Outlets;
  /** whether a certificate names this box */
  isKnownBox(boxId: number): boolean;
}

export type Core = ReturnType<typeof createCore>;

export function createCore(options: CoreOptions) {
  const { clock, identity, log, outlets, settings, store } = options;
  const stopping = new AbortController();
  const rejections = new Rejections(log, clock);
  const traffic = { sent: 0, recv: 0 };
  const giveUp: AbortSignal = stopping.signal;
  const outbox = new Outbox({ store, clock, log, giveUp });
  const base = { clock, log, outbox, rejections, stopping: giveUp };
  const presence = new Presence(clock, REMEMBERED_BOXES, () => rejections.count('too_many_subscriptions'));
  const sender = new BoxSender({
    ...{ proto, publish: outlets.toBoxes, rejections, traffic },
    readSent: () => pinger.postpone(),
  });
  const asker = new Asker({ clock, sender, presence, identity, maxWindowMs: settings.maxWindowMs });
  const book = new RequestBook({
    clock,
    asker,
    log,
    limit: settings.limits.openRequests,
    settleMs: SETTLE_MS,
    done: (request) => forget(request, outbox, log),
  });
  const pinger: Pinger = new Pinger({
    clock,
    ping: (number) => {
      presence.broadcast();
      sender.ping(number);
    },
    greeted: () => book.box2Came(),
  });
  const eventIds = new EventIdSource({ store, outbox, clock, log, giveUp });
  const events = createEvents({ ...base, eventIds, settings, identity, outlets, presence, book });
  const queue = new WaveformQueue({
    ...base,
    proto,
    book,
    notices: events.notices,
    locations: new Locations(store, clock, settings.lahaConfigSeconds * 1000, REMEMBERED_BOXES),
    limits: replyLimits(settings.maxWindowMs),
    limitBytes: settings.limits.repliesBytes,
    busy: () => events.intake.busy,
  });
  const rate = new RateLimit({
    clock,
    perSecond: settings.limits.requestsPerSecond,
    burst: settings.limits.requestsBurst,
  });
  const requests = requestDispatcher({
    ...base,
    ...events,
    proto,
    rate,
    maxWindowMs: settings.maxWindowMs,
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
  const ids = idService({ ...base, eventIds, rate });
  return {
    rejections,
    outbox,
    stopping: giveUp,
    eventIds,
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

/** What one reply may hold: four times the longest window on a 70 Hz grid, since a box may send more than it was asked for; 250 samples per cycle. */
function replyLimits(maxWindowMs: number): ReplyLimits {
  const cycles = 4 * Math.ceil((maxWindowMs * 70) / 1000) + 100;
  return { cycles, samples: cycles * 250 };
}

type EventOptions = Pick<CoreOptions, 'settings' | 'identity' | 'outlets' | 'clock'> & {
  outbox: Outbox;
  eventIds: EventIdSource;
  presence: Presence;
  book: RequestBook;
  rejections: Rejections;
  stopping: AbortSignal;
};

/** From requests to events and commands. */
function createEvents(options: EventOptions) {
  const { outlets, settings } = options;
  const notices = new Notices({
    sendEvnew: outlets.toClients,
    sendNotice: outlets.toNoticeReaders,
  });
  const deps = {
    ...options,
    notices,
    sequence: new SequenceNumbers(),
    limit: settings.limits.openRequests,
  };
  return {
    notices,
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

/** Removes a request that needs nothing more from the store; if that fails, the next broker asks once more, to no harm. */
function forget(request: OpenRequest, outbox: Outbox, log: Logger): void {
  request.persisted
    .then(() => outbox.put({ kind: 'closed_request', key: request.key }))
    .catch((error: unknown) =>
      log.warn({ request: request.key, error: messageOf(error) }, 'open request not removed'),
    );
}
