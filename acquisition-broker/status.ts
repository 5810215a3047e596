/** What the broker tells about itself: counters since the start, and what it holds now. */
import type { AccessStatus } from '../keys/access.js';
import type { BrokerAccess } from './access.js';
import type { PresenceStatus } from './boxes/presence.js';
import type { Core } from './core.js';

export interface AcquisitionStatus {
  identity: string;
  boxes: PresenceStatus;
  requests: {
    /** frames on `backend_pull`, and those that were taken */
    received: number;
    taken: number;
    events: number;
    tokenCommands: number;
    routedCommands: number;
    /** wait for the store */
    waiting: number;
    tokensAlive: number;
  };
  open: {
    requests: number;
    /** boxes they ask */
    boxes: number;
    opened: number;
    answered: number;
    empty: number;
    /** answers after the request was given up */
    late: number;
    sentAgain: number;
    /** boxes that never answered */
    expired: number;
  };
  sent: { ping: number; read: number; command: number; refused: number; evnew: number; notices: number };
  replies: { received: number; pong: number; error: number; resp: number; response: number; routed: number };
  waveforms: {
    stored: number;
    duplicates: number;
    empty: number;
    cyclesStored: number;
    /** outside the window asked for */
    cyclesDropped: number;
    /** held in memory now */
    held: number;
    heldBytes: number;
    /** how often reading `box_pull` was put off because too much was held */
    timesFull: number;
  };
  eventNumbers: { drawn: number; served: number };
  store: { failures: number };
  traffic: { sent: number; recv: number };
  /** what was dropped, by reason */
  rejected: Record<string, number>;
  /** who may connect, and who did: boxes, and services where the backend is under CURVE */
  access: { boxes: AccessStatus; services?: AccessStatus };
}

export function statusOf(core: Core, identity: string, { boxes, services }: BrokerAccess): AcquisitionStatus {
  const { asker, book, intake, queue, requests, router, sender, tokens } = core;
  return {
    identity,
    boxes: core.presence.status(),
    requests: {
      ...requests.counts,
      events: intake.accepted,
      tokenCommands: tokens.accepted,
      routedCommands: router.routed,
      waiting: intake.waiting,
      tokensAlive: tokens.alive,
    },
    open: { requests: book.openRequests, boxes: book.openAsks, ...book.counts, sentAgain: asker.sentAgain },
    sent: { ...sender.sent, ...core.notices.sent },
    replies: { ...core.replyCounts },
    waveforms: { ...queue.counts, held: queue.length, heldBytes: queue.bytes },
    eventNumbers: { drawn: core.numbers.drawn, served: core.ids.counts.answered },
    store: { failures: core.storeFailures.count },
    traffic: { ...core.traffic },
    rejected: core.rejections.totals(),
    access: { boxes: boxes.status(), ...(services && { services: services.status() }) },
  };
}
