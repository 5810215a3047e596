/** What the broker tells about itself: counters since the start, and what it holds now. */
import type { AccessStatus } from '../keys/access.js';
import type { ConnectionStatus, Connections } from '../zmq/connections.js';
import type { BrokerAccess } from './access.js';
import type { PresenceStatus } from './boxes/presence.js';
import type { Core } from './core.js';

export interface AcquisitionStatus {
  identity: string;
  boxes: PresenceStatus;
  requests: {
    /** frames on `backend_pull` */
    received: number;
    /** of them taken */
    taken: number;
    events: number;
    /** Commands that are stored as events */
    token_commands: number;
    /** Commands that are only routed */
    routed_commands: number;
    /** wait for the store */
    waiting: number;
    tokens: number;
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
    sent_again: number;
    /** boxes that never answered */
    expired: number;
  };
  sent: {
    ping: number;
    read: number;
    command: number;
    /** never sent, because it could have killed a box: a mistake of ours */
    unsafe: number;
    evnew: number;
    notices: number;
  };
  replies: { received: number; pong: number; error: number; resp: number; response: number; routed: number };
  waveforms: {
    stored: number;
    samples: number;
    duplicates: number;
    empty: number;
    /** outside the window asked for */
    cycles_dropped: number;
    /** held in memory now */
    held: number;
    held_bytes: number;
    /** how often reading `box_pull` was put off because too much was held */
    times_full: number;
  };
  event_numbers: { drawn: number; served: number };
  traffic: { sent: number; recv: number };
  /** what was dropped, by reason */
  rejected: Record<string, number>;
  /** connections of the boxes' sockets, and handshakes that failed there, also before the allow-list was asked */
  connections: SocketConnections;
  /** who may connect, and who did: boxes, and services where the backend is under CURVE */
  access: AccessStatus;
  backend_connections?: SocketConnections;
  backend_access?: AccessStatus;
}

/** By the name of the field that opens the socket. */
type SocketConnections = Record<string, ConnectionStatus>;

export interface StatusParts {
  core: Core;
  identity: string;
  access: BrokerAccess;
  /** of the boxes' sockets, and of the services' */
  boxes: Readonly<Record<string, Connections>>;
  backend: Readonly<Record<string, Connections>>;
}

export function statusOf({ access, backend, boxes, core, identity }: StatusParts): AcquisitionStatus {
  const { asker, book, ids, intake, notices, numbers, queue, requests, router, sender, tokens } = core;
  return {
    identity,
    boxes: core.presence.status(),
    requests: {
      ...requests.counts,
      events: intake.accepted,
      token_commands: tokens.accepted,
      routed_commands: router.routed,
      waiting: intake.waiting,
      tokens: tokens.alive,
    },
    open: { requests: book.openRequests, boxes: book.openAsks, ...book.counts, sent_again: asker.sentAgain },
    sent: { ...sender.sent, ...notices.sent },
    replies: { ...core.replyCounts },
    waveforms: {
      stored: queue.counts.stored,
      samples: queue.counts.samples,
      duplicates: queue.counts.duplicates,
      empty: queue.counts.empty,
      cycles_dropped: queue.counts.cyclesDropped,
      held: queue.length,
      held_bytes: queue.bytes,
      times_full: queue.counts.timesFull,
    },
    event_numbers: { drawn: numbers.drawn, served: ids.counts.answered },
    traffic: { ...core.traffic },
    rejected: core.rejections.totals(),
    connections: statusesOf(boxes),
    access: access.boxes.status(),
    ...(access.services && {
      backend_connections: statusesOf(backend),
      backend_access: access.services.status(),
    }),
  };
}

function statusesOf(sockets: Readonly<Record<string, Connections>>): SocketConnections {
  return Object.fromEntries(Object.entries(sockets).map(([field, socket]) => [field, socket.status()]));
}
