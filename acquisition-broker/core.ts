/** The acquisition broker without its sockets: the pieces put together. */
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import { Rejections } from '../common/rejections.js';
import type { AcquisitionBrokerSettings } from '../config/index.js';
import { BoxFindings } from '../daemon/box-findings.js';
import type { Access } from '../keys/access.js';
import { EventIdSource } from '../store/outbox/event-ids.js';
import { Outbox } from '../store/outbox/outbox.js';
import type { BoxReader, EventIds, EventReader, Maintenance } from '../store/store.js';
import type { Sink } from '../store/writes.js';
import { SendQueue } from '../zmq/send-queue.js';
import { BoxRecords } from './boxes/box-records.js';
import { RepliesOfBoxes } from './boxes/box-replies.js';
import { ConnectedBoxes } from './boxes/connected-boxes.js';
import { ImportedBoxes } from './boxes/imported-boxes.js';
import { BoxSender } from './boxes/sender.js';
import { WaveformBudget } from './budget/waveform-budget.js';
import type { Cluster } from './cluster/cluster.js';
import { Families } from './events/families.js';
import { idService } from './events/id-service.js';
import { Notices } from './events/requested-event.js';
import type { OpenRequest } from './open-requests/open-request.js';
import { OpenRequests } from './open-requests/open-requests.js';
import { adoptRequests, bodyOf } from './open-requests/persistence.js';
import { RequestCommands } from './open-requests/request-commands.js';
import { ReplyHandler } from './reply-handler.js';
import { EventIntake } from './requests/event-intake.js';
import { RateLimit } from './requests/rate-limit.js';
import { MAX_AHEAD_MS } from './requests/request.js';
import { RequestHandler } from './requests/request-handler.js';
import { TokenEvents } from './requests/token-events.js';
import { createPingers, subscriptionHandler } from './subscriptions.js';
import { longestReplyBytes, replyLimits } from './waveforms/decode.js';
import { WaveformQueue } from './waveforms/queue.js';

/** ms after the end of a window of the future before it is asked for: boxes gather ten cycles at a time, and clocks differ. */
const SETTLE_MS = 500;
/** A change that somebody makes of a box holds after so long at the latest, as in the analysis service. */
const RECORD_AGE_MS = 5_000;
/** Boxes remembered: their dialects, locations, subscriptions. */
const REMEMBERED_BOXES = 20_000;

export interface CoreOptions {
  settings: AcquisitionBrokerSettings;
  identity: string;
  store: Sink &
    EventIds &
    Pick<BoxReader, 'box' | 'boxes'> &
    Pick<EventReader, 'event' | 'events'> &
    Pick<Maintenance, 'state'>;
  clock: Clock;
  log: Logger;
  /** which boxes have a certificate */
  certificates: Pick<Access, 'isKnown'>;
  /** undefined: it is the only broker */
  cluster?: Cluster | undefined;
}

export type Core = ReturnType<typeof createCore>;

export function createCore(options: CoreOptions) {
  const { certificates, clock, cluster, identity, log, settings, store } = options;
  const { limits, maxWindowMs } = settings;
  const stopping = new AbortController();
  const rejections = new Rejections(log, clock);
  // What is sent on each socket goes nowhere until that is open.
  const boxQueue = new SendQueue('box_pub', rejections);
  const clientQueue = new SendQueue('backend_pub', rejections);
  const noticeQueue = new SendQueue('zmq_event_endpoint', rejections);
  const traffic = { sent: 0, recv: 0 };
  const giveUp: AbortSignal = stopping.signal;
  const outbox = new Outbox({ store, clock, log, giveUp });
  /** for open requests with an event: other brokers have copies of them */
  const requestOutbox = cluster?.copying(outbox) ?? outbox;

  const tooMany = (): void => rejections.count('too_many_subscriptions');
  const boxes = new ConnectedBoxes(clock, REMEMBERED_BOXES, tooMany, cluster?.elsewhere);
  const boxFindings = new BoxFindings({ outbox, rejections, log, clock });
  const boxReplies = new RepliesOfBoxes(clock, boxFindings);
  const sender = new BoxSender({
    boxes,
    boxQueue,
    relay: cluster?.relay,
    rejections,
    traffic,
  });
  const commands = new RequestCommands({ boxes, clock, identity, log, maxWindowMs, sender });
  const budget = new WaveformBudget({
    clock,
    boxBytes: settings.waveformBudget.boxBytes,
    totalBytes: settings.waveformBudget.totalBytes,
    boxUsedUp: (boxId, untilMs) =>
      boxFindings.report(
        boxId,
        'WAVEFORM_BUDGET',
        `its budget of ${megabytes(settings.waveformBudget.boxBytes)} is used up until midnight UTC`,
        untilMs,
      ),
    // No fault of one box: said once a day, not of each box that is not asked.
    allUsedUp: () =>
      log.warn(
        { limit: megabytes(settings.waveformBudget.totalBytes), setting: 'limits.waveform_mb_in_all' },
        'the budget of waveforms of all boxes is used up until midnight UTC: no box is asked for more than fits',
      ),
  });
  const open = new OpenRequests({
    clock,
    finished: (request) => {
      releaseBudget(request, budget);
      forget(request, requestOutbox, log);
    },
    limit: limits.openRequests,
    log,
    maxAheadMs: MAX_AHEAD_MS,
    missed: (boxId) => boxReplies.missed(boxId),
    commands,
    settleMs: SETTLE_MS,
    started: cluster && ((request) => cluster.started(request)),
  });
  const pingers = createPingers(clock, boxes, sender, open);

  const notices = new Notices({
    clientQueue,
    noticeQueue,
    sent: cluster && ((kind, text, eventId) => cluster.announced(kind, text, eventId)),
  });
  const eventIds = new EventIdSource({ store, health: outbox.health, clock, log, giveUp });
  const limit = limits.openRequests;
  const imported = new ImportedBoxes({ store, clock, log, certificates });
  /** What a stop leaves is for the next broker. */
  const refused = (request: OpenRequest): void => {
    if (!giveUp.aborted) forget(request, requestOutbox, log);
  };
  const intake = new EventIntake({
    boxes,
    budget,
    clock,
    families: new Families(store, log),
    identity,
    limit,
    eventIds,
    imported,
    notices,
    open,
    outbox: requestOutbox,
    refused,
    rejections,
    stopping: giveUp,
  });
  const tokens = new TokenEvents({
    budget,
    clock,
    eventIds,
    limit,
    notices,
    open,
    outbox: requestOutbox,
    refused,
    rejections,
  });
  const rate = new RateLimit({
    burst: limits.requestsBurst,
    clock,
    perSecond: limits.requestsPerSecond,
  });
  const requests = new RequestHandler({
    clock,
    imported,
    intake,
    maxWindowMs,
    open,
    // Only Commands whose replies are routed: their clients are connected here and nowhere else.
    outbox,
    rate,
    rejections,
    tokens,
  });

  const queue = new WaveformQueue({
    budget,
    busy: () => intake.busy,
    clock,
    limitBytes: limits.repliesBytes,
    limits: replyLimits(maxWindowMs),
    records: new BoxRecords(store, clock, RECORD_AGE_MS, REMEMBERED_BOXES),
    log,
    notices,
    open,
    outbox,
    rejections,
    stopping: giveUp,
  });
  const replies = new ReplyHandler({
    boxes,
    budget,
    boxReplies,
    clock,
    certificates,
    keepsUnasked: settings.keepsUnasked,
    open,
    queue,
    rejections,
    clientQueue,
    offer: cluster?.offer,
    appeared: cluster && (() => cluster.boxesChanged()),
  });
  const ids = idService({ clock, eventIds, rate, rejections, stopping: giveUp });
  /** What was read late may be this broker's own: that is here already. */
  const resume = (read: readonly OpenRequest[]): void => {
    const missing = read.filter(({ key }) => !open.has(key));
    tokens.restore(missing);
    for (const request of missing) {
      const { boxIds, event, window } = request;
      if (window !== undefined && event !== undefined) budget.reserve(boxIds, window);
      if (event !== undefined) cluster?.keep(request.key, bodyOf(request));
      open.add(request);
    }
  };
  cluster?.attach({
    ...{ boxes, sender, open, replies, rejections },
    heldBytes: () => queue.bytes,
    longestReplyBytes: longestReplyBytes(maxWindowMs),
    takeUp: async (stored, over) => {
      const options = { clock, log, outbox: requestOutbox, rejections, store };
      const requests = await adoptRequests(stored, outbox, options, over);
      resume(requests);
      return requests.length;
    },
    announce: (kind, text, eventId) => {
      const id = String(eventId);
      if (kind === 'evnew') clientQueue.send([kind, id]);
      else noticeQueue.send([text, id]);
    },
  });

  return {
    boxes,
    boxQueue,
    clientQueue,
    cluster,
    boxFindings,
    budget,
    boxReplies,
    eventIds,
    ids,
    imported,
    intake,
    noticeQueue,
    notices,
    open,
    outbox,
    stopping: giveUp,
    pingers,
    queue,
    rejections,
    replies,
    requests,
    commands,
    sender,
    tokens,
    traffic,
    subscription: subscriptionHandler(boxes, open, pingers, rejections, () => cluster?.boxesChanged()),
    /** A promise while no further reply can be taken. */
    capacity: () => queue.capacity() ?? cluster?.capacity(),
    /** A message on `box_pull`. */
    reply(frames: readonly Uint8Array[]): void {
      for (const frame of frames) traffic.recv += frame.length;
      replies.handle(frames);
    },
    /** Takes up requests that were open when the last broker ended. */
    resume,
    /** From here on the store is not waited for any more. */
    giveUpStore: () => stopping.abort(),
  };
}

/** What was reserved for a request; routed Commands reserve nothing. */
function releaseBudget({ boxIds, event, window }: OpenRequest, budget: WaveformBudget): void {
  if (event !== undefined && window !== undefined) budget.release(boxIds, window);
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** Removes a request that needs nothing more from the store; if that fails, the next broker asks again, which does no harm. */
function forget(request: OpenRequest, outbox: Pick<Outbox, 'put'>, log: Logger): void {
  request.persisted
    .then(() => outbox.put({ kind: 'closed_request', key: request.key }))
    .catch((error: unknown) => log.warn({ request: request.key, err: error }, 'open request not removed'));
}
