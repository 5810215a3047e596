/** The acquisition broker without its sockets: the pieces put together. */
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import { Rejections } from '../common/rejections.js';
import type { AcquisitionBrokerSettings } from '../config/index.js';
import { DIALECTS, type Dialect } from '../proto/index.js';
import { EventIdSource } from '../store/outbox/event-ids.js';
import { Outbox } from '../store/outbox/outbox.js';
import type { BoxReader, EventIds } from '../store/store.js';
import type { Sink } from '../store/writes.js';
import { ConnectedBoxes, parseSubscription } from './boxes/connected-boxes.js';
import { Locations } from './boxes/locations.js';
import { Pinger } from './boxes/pinger.js';
import { BoxSender } from './boxes/sender.js';
import { idService } from './events/id-service.js';
import { Notices } from './events/requested-event.js';
import { CommandRetrier } from './open/command-retrier.js';
import type { OpenRequest } from './open/open-request.js';
import { OpenRequests } from './open/open-requests.js';
import { ReplyHandler } from './reply-handler.js';
import { EventIntake } from './requests/event-intake.js';
import { RateLimit } from './requests/rate-limit.js';
import { MAX_AHEAD_MS } from './requests/request.js';
import { RequestHandler } from './requests/request-handler.js';
import { TokenEvents } from './requests/token-events.js';
import type { ReplyLimits } from './waveforms/decode.js';
import { WaveformQueue } from './waveforms/queue.js';

/** ms after the end of a window of the future before it is asked for: boxes gather ten cycles at a time, and clocks differ. */
const SETTLE_MS = 500;
/** Boxes remembered: their dialects, locations, subscriptions. */
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

export function createCore({ clock, identity, isKnownBox, log, outlets, settings, store }: CoreOptions) {
  const { limits, maxWindowMs } = settings;
  const stopping = new AbortController();
  const rejections = new Rejections(log, clock);
  const traffic = { sent: 0, recv: 0 };
  const giveUp: AbortSignal = stopping.signal;
  const outbox = new Outbox({ store, clock, log, giveUp });

  const boxes = new ConnectedBoxes(clock, REMEMBERED_BOXES, () => rejections.count('too_many_subscriptions'));
  const sender = new BoxSender({ boxes, publish: outlets.toBoxes, rejections, traffic });
  const retrier = new CommandRetrier({ boxes, clock, identity, maxWindowMs, sender });
  const open = new OpenRequests({
    clock,
    finished: (request) => forget(request, outbox, log),
    limit: limits.openRequests,
    log,
    maxAheadMs: MAX_AHEAD_MS,
    retrier,
    settleMs: SETTLE_MS,
  });
  const pingers = createPingers(clock, boxes, sender, open);

  const notices = new Notices({ sendEvnew: outlets.toClients, sendNotice: outlets.toNoticeReaders });
  const eventIds = new EventIdSource({ store, outbox, clock, log, giveUp });
  const limit = limits.openRequests;
  const intake = new EventIntake({
    boxes,
    clock,
    identity,
    limit,
    eventIds,
    notices,
    open,
    outbox,
    rejections,
    stopping: giveUp,
  });
  const tokens = new TokenEvents({ clock, eventIds, limit, notices, open, outbox, rejections });
  const rate = new RateLimit({
    burst: limits.requestsBurst,
    clock,
    perSecond: limits.requestsPerSecond,
  });
  const requests = new RequestHandler({ clock, intake, maxWindowMs, open, outbox, rate, rejections, tokens });

  const queue = new WaveformQueue({
    busy: () => intake.busy,
    clock,
    limitBytes: limits.repliesBytes,
    limits: replyLimits(maxWindowMs),
    locations: new Locations(store, clock, settings.lahaConfigSeconds * 1000, REMEMBERED_BOXES),
    log,
    notices,
    open,
    outbox,
    rejections,
    stopping: giveUp,
  });
  const replies = new ReplyHandler({
    boxes,
    clock,
    isKnownBox,
    open,
    queue,
    rejections,
    route: (to, frames) => outlets.toClients([to, ...frames]),
  });
  const ids = idService({ clock, eventIds, rate, rejections, stopping: giveUp });

  return {
    boxes,
    eventIds,
    ids,
    intake,
    notices,
    open,
    outbox,
    stopping: giveUp,
    pingers,
    queue,
    rejections,
    replies,
    requests,
    retrier,
    sender,
    tokens,
    traffic,
    subscription: subscriptionHandler(boxes, open, pingers, rejections),
    /** A message on `box_pull`. */
    reply(frames: readonly Uint8Array[]): void {
      for (const frame of frames) traffic.recv += frame.length;
      replies.handle(frames);
    },
    /** Takes up requests that were open when the last broker ended. What was read late may be this broker's own: that is here already. */
    resume(read: readonly OpenRequest[]): void {
      const missing = read.filter(({ key }) => !open.has(key));
      tokens.restore(missing);
      for (const request of missing) open.add(request);
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

function createPingers(
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

/** The handler of messages on `box_pub`: which boxes are connected. */
function subscriptionHandler(
  boxes: ConnectedBoxes,
  open: OpenRequests,
  pingers: ReadonlyMap<Dialect, Pinger>,
  rejections: Rejections,
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
      return;
    }
    boxes.subscribed(dialect, boxId);
    // A box that does not say which it is is greeted first: its reply to that says so.
    if (boxId === undefined) pingers.get(dialect)?.greet();
    else open.boxReturned(dialect, boxId);
  };
}

/** Removes a request that needs nothing more from the store; if that fails, the next broker asks again, which does no harm. */
function forget(request: OpenRequest, outbox: Outbox, log: Logger): void {
  request.persisted
    .then(() => outbox.put({ kind: 'closed_request', key: request.key }))
    .catch((error: unknown) => log.warn({ request: request.key, err: error }, 'open request not removed'));
}
