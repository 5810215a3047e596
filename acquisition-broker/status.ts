/** The broker's own part of `/status`: counters since the start, each stated once, and what it holds now. */
import type { BoxFindingsStatus } from '../daemon/box-findings.js';
import type { AccessStatus } from '../keys/access.js';
import type { WrongKeyAddress, WrongKeyPeers } from '../keys/wrong-key-peers.js';
import type { SizeLimitStatus } from '../store/size-limit.js';
import type { ConnectionStatus, Connections } from '../zmq/connections.js';
import type { BrokerAccess } from './access.js';
import type { DialectStatus } from './boxes/connected-boxes.js';
import type { BudgetStatus } from './budget/waveform-budget.js';
import type { ClusterStatus } from './cluster/cluster.js';
import type { Core } from './core.js';

export interface AcquisitionStatus {
  identity: string;
  /** by the name of their dialect */
  boxes: Record<string, DialectStatus>;
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
    replied: number;
    empty: number;
    /** replies after the request was given up */
    late: number;
    sent_again: number;
    /** boxes that never replied */
    expired: number;
  };
  /** messages to boxes, by name, and notices */
  sent: Counts & { evnew: number; notices: number };
  /** by the message's name; `routed`: passed on to the client whose Command it answers; `unasked`: of boxes that were not asked, not stored */
  replies: Counts & { received: number; routed: number; unasked: number };
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
  /** boxes with findings; `makai boxes health` shows the whole records */
  box_health: BoxFindingsStatus;
  /** bytes of waveforms today, and what was not asked for because of them */
  waveform_budget: BudgetStatus;
  /** where `store_max_bytes` is set */
  store_size?: SizeLimitStatus;
  event_ids: { drawn: number; served: number };
  /** what it shares with other brokers, where the settings have `nats` */
  nats?: ClusterStatus;
  traffic: { sent: number; recv: number };
  /** what was dropped, by the reasons of `makai_dropped_total` */
  dropped: Record<string, number>;
  /** connections of the boxes' sockets, and handshakes that failed there, also before the allow-list was asked */
  connections: SocketConnections;
  /** who may connect, and who did: boxes, and services where the backend is under CURVE */
  access: AccessStatus;
  /** addresses from which connections with another server key came, newest first, at most 100 */
  wrong_server_key: WrongKeyAddress[];
  backend_connections?: SocketConnections;
  backend_access?: AccessStatus;
}

type Counts = Record<string, number>;

/** By the name of the setting that opens the socket. */
type SocketConnections = Record<string, ConnectionStatus>;

export interface StatusParts {
  core: Core;
  identity: string;
  access: BrokerAccess;
  wrongKeys: WrongKeyPeers;
  /** of the boxes' sockets, and of the services' */
  boxes: Readonly<Record<string, Connections>>;
  backend: Readonly<Record<string, Connections>>;
}

export function statusOf({
  access,
  backend,
  boxes,
  core,
  identity,
  wrongKeys,
}: StatusParts): AcquisitionStatus {
  const { eventIds, ids, intake, notices, open, queue, replies, requests, commands, sender, tokens } = core;
  const { received, routed, taken } = requests.counts;
  return {
    identity,
    boxes: core.boxes.status(),
    requests: {
      received,
      taken,
      events: intake.accepted,
      token_commands: tokens.accepted,
      routed_commands: routed,
      waiting: intake.waiting,
      tokens: tokens.alive,
    },
    open: {
      requests: open.count,
      boxes: open.waitingBoxes,
      ...open.counts,
      sent_again: commands.sentAgain,
    },
    sent: { ...sender.sent, ...notices.sent },
    replies: {
      received: replies.counts.received,
      ...replies.counts.byName,
      routed: replies.counts.routed,
      unasked: replies.counts.unasked,
    },
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
    box_health: core.boxFindings.status(),
    waveform_budget: core.budget.status(),
    event_ids: { drawn: eventIds.drawn, served: ids.counts.served },
    ...(core.cluster && { nats: core.cluster.status() }),
    traffic: { ...core.traffic },
    dropped: core.rejections.totals(),
    connections: statusesOf(boxes),
    access: access.boxes.status(),
    wrong_server_key: wrongKeys.list(),
    ...(access.services && {
      backend_connections: statusesOf(backend),
      backend_access: access.services.status(),
    }),
  };
}

function statusesOf(sockets: Readonly<Record<string, Connections>>): SocketConnections {
  return Object.fromEntries(Object.entries(sockets).map(([field, socket]) => [field, socket.status()]));
}
