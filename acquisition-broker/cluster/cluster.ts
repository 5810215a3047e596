/**
 * This broker as one of several: what it says to the others over NATS, and hears of them (docs/cluster.md, "Several acquisition brokers"). Nothing of it is loaded
 * without the setting `nats`. A request stays with the broker that received it; commands go where the boxes are, and replies come back to it.
 */
import type { Clock } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import type { Rejections } from '../../common/rejections.js';
import type { NatsBrokerSettings } from '../../config/settings.js';
import { BrokerBus, type BusChannel } from '../../nats/broker-bus.js';
import { KeptRequests } from '../../nats/kept-requests.js';
import { newMember } from '../../nats/lease-table.js';
import type { Outbox } from '../../store/outbox/outbox.js';
import type { ConnectedBoxes } from '../boxes/connected-boxes.js';
import type { BoxSender, Relay } from '../boxes/sender.js';
import type { OpenRequest } from '../open-requests/open-request.js';
import type { OpenRequests } from '../open-requests/open-requests.js';
import type { ReplyHandler } from '../reply-handler.js';
import { BoxesElsewhere, type BrokerStatus } from './boxes-elsewhere.js';
import { CommandsElsewhere } from './commands.js';
import { decode, encode, type Notice, notice, presence } from './messages.js';
import { overviewOf } from './overview.js';
import { PresenceOfThis } from './presence.js';
import { RepliesIn } from './replies-in.js';
import { RepliesOut } from './replies-out.js';
import { RequestCopies, type RequestCopiesDeps } from './request-copies.js';

/** Boxes of others are asked for at most so often, ms. */
const ASK_EVERY_MS = 1_000;

export interface ClusterOptions {
  nats: NatsBrokerSettings;
  /** the broker's, for people: two may have the same */
  name: string;
  /** bytes of replies that are on their way to other brokers, or from them */
  limitBytes: number;
  clock: Clock;
  log: Logger;
}

/** What it needs of the broker. */
export interface ClusterParts {
  boxes: ConnectedBoxes;
  sender: BoxSender;
  open: OpenRequests;
  replies: ReplyHandler;
  rejections: Rejections;
  /** bytes of replies that wait for the store */
  heldBytes(): number;
  /** of the longest reply that may be asked for */
  longestReplyBytes: number;
  /** as `takeUp` of RequestCopies */
  takeUp: RequestCopiesDeps['takeUp'];
  /** on the broker's own sockets */
  announce(kind: Notice['kind'], text: string, eventId: number): void;
}

/** In `/status`, under `nats`. */
export interface ClusterStatus {
  connected: boolean;
  /** this one, as the others know it */
  member: string;
  /** the others */
  brokers: BrokerStatus[];
  boxes_elsewhere: number;
  commands: { sent: number; received: number };
  replies: { forwarded: number; unclaimed: number; failed: number; received: number };
  requests: { taken_up: number; not_copied: number };
  /** boxes that were connected to no broker when they were asked first */
  nowhere: number;
  malformed: number;
}

interface Pieces {
  parts: ClusterParts;
  presence: PresenceOfThis;
  commands: CommandsElsewhere;
  repliesIn: RepliesIn;
  copies: RequestCopies;
}

export class Cluster implements Running {
  readonly elsewhere: BoxesElsewhere;
  readonly #options: ClusterOptions;
  readonly #member: string;
  readonly #bus: BrokerBus;
  readonly #repliesOut: RepliesOut;
  #pieces: Pieces | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #malformed = 0;

  constructor(options: ClusterOptions) {
    const { clock, limitBytes, log, name, nats } = options;
    this.#options = options;
    this.#member = newMember(name);
    this.elsewhere = new BoxesElsewhere(clock);
    this.#bus = new BrokerBus({
      servers: nats.servers,
      name: `makai acquisition broker ${name}`,
      member: this.#member,
      log,
      take: (channel, data, respond) => this.#take(channel, data, respond),
      connected: (connection) => {
        this.#pieces?.presence.connected();
        void this.#pieces?.copies.connected(connection);
      },
      disconnected: () => {
        this.elsewhere.clear();
        this.#pieces?.copies.disconnected();
      },
    });
    this.#repliesOut = new RepliesOut({
      ...{ clock, limitBytes, member: this.#member },
      hasOthers: () => this.#bus.isConnected && this.elsewhere.members.length > 0,
      pieceBytes: () => this.#bus.pieceBytes,
      ask: (channel, data, timeoutMs, member) => this.#bus.ask(channel, data, timeoutMs, member),
      failed: (about) => this.#pieces?.parts.rejections.count('reply_not_forwarded', about),
    });
  }

  /** The rest of the broker is made. */
  attach(parts: ClusterParts): void {
    const { clock, limitBytes, log, name, nats } = this.#options;
    const member = this.#member;
    const { boxes, heldBytes, longestReplyBytes: longestBytes, open, replies, sender, takeUp } = parts;
    this.#pieces = {
      parts,
      presence: new PresenceOfThis({
        ...{ boxes, clock, member, name },
        send: (data) => void this.#bus.send('presence', data),
      }),
      commands: new CommandsElsewhere({
        ...{ boxes, elsewhere: this.elsewhere, log, member, sender },
        isConnected: () => this.#bus.isConnected,
        send: (data, to) => this.#bus.send('commands', data, to),
      }),
      repliesIn: new RepliesIn({
        ...{ clock, heldBytes, limitBytes, longestBytes, member },
        judge: (head, frames) => replies.judge(head, frames),
        handle: (frames) => replies.handleForwarded(frames),
      }),
      copies: new RequestCopies({
        ...{ clock, log, member, takeUp },
        open: (connection) => KeptRequests.open(connection, nats.replicas),
        has: (key) => open.has(key),
        hasCapacity: (count) => open.hasCapacity(count),
        members: () => this.elsewhere.members,
      }),
    };
  }

  /** @throws MakaiError CONFIG_UNREADABLE, SECRET_EXPOSED for the files of `nats` */
  start(): Running {
    // First: it alone may throw, and then nothing runs.
    this.#bus.start();
    this.#pieces?.presence.start();
    this.#pieces?.copies.start();
    return this;
  }

  /** Waits until the replies that came here for other brokers are with them, or wanted by nobody. */
  drained(): Promise<void> {
    return this.#repliesOut.drained();
  }

  async stop(): Promise<void> {
    this.#repliesOut.stop();
    await this.#pieces?.presence.stop();
    await this.#pieces?.copies.stop();
    await this.#bus.stop();
  }

  readonly relay: Relay = (dialect, message, audience) =>
    this.#pieces?.commands.relay(dialect, message, audience) ?? true;

  readonly offer = (frames: readonly Uint8Array[], drop: () => void): boolean =>
    this.#repliesOut.offer(frames, drop);

  capacity(): Promise<void> | undefined {
    return this.#repliesOut.capacity();
  }

  /** A box connected, or the connection of one ended. */
  boxesChanged(): void {
    this.#pieces?.presence.changed();
  }

  /** A request is asked for the first time. */
  started(request: OpenRequest): void {
    this.#pieces?.commands.noteNowhere(request);
  }

  /** Something was announced to the clients of this broker. */
  announced(kind: Notice['kind'], text: string, eventId: number): void {
    this.#bus.send('notices', encode({ from: this.#member, kind, text, eventId }));
  }

  /** A request that is open and in the store is copied too. */
  keep(key: string, body: string): void {
    void this.#pieces?.copies.keep(key, body);
  }

  /** The outbox, with a copy of each open request. */
  copying(outbox: Outbox): Pick<Outbox, 'put'> {
    return {
      put: async (write, options) => {
        if (write.kind === 'closed_request') this.#pieces?.copies.forget(write.key);
        if (write.kind !== 'open_request') return outbox.put(write, options);
        const { body, key } = write.request;
        const [stored] = await Promise.all([
          outbox.put(write, options),
          this.#pieces?.copies.keep(key, body),
        ]);
        return stored;
      },
    };
  }

  status(): ClusterStatus {
    const { commands, copies, repliesIn } = this.#pieces ?? {};
    return {
      connected: this.#bus.isConnected,
      member: this.#member,
      brokers: this.elsewhere.list(),
      boxes_elsewhere: this.elsewhere.count,
      commands: { sent: commands?.counts.sent ?? 0, received: commands?.counts.received ?? 0 },
      replies: { ...this.#repliesOut.counts, received: repliesIn?.received ?? 0 },
      requests: { taken_up: copies?.counts.takenUp ?? 0, not_copied: copies?.counts.notCopied ?? 0 },
      nowhere: commands?.counts.nowhere ?? 0,
      malformed: this.#malformed,
    };
  }

  #take(channel: BusChannel, data: Uint8Array, respond: ((data: Uint8Array) => void) | undefined): void {
    const pieces = this.#pieces;
    if (pieces === undefined) return;
    const { commands, parts, repliesIn } = pieces;
    const isGood = ((): boolean => {
      switch (channel) {
        case 'presence':
          return this.#hear(pieces, data);
        case 'commands':
          return commands.take(data);
        case 'claims':
          return reply(repliesIn.claim(data), respond);
        case 'pieces':
          return reply(repliesIn.piece(data), respond);
        case 'notices':
          return this.#pass(parts, data);
        case 'overview':
          return reply(overviewOf(this.#member, this.#options.name, parts, this.elsewhere), respond);
      }
    })();
    if (isGood) return;
    this.#malformed += 1;
    parts.rejections.count('malformed_cluster_message', channel);
  }

  #hear({ parts, presence: own }: Pieces, data: Uint8Array): boolean {
    const head = decode(presence, data)?.head;
    if (head === undefined) return false;
    if (head.member === this.#member) return true;
    const appeared = this.elsewhere.hear(head);
    if (head.wantsBoxes) own.asked();
    const now = this.#options.clock.monotonic();
    if (appeared === undefined && now - this.#askedAt > ASK_EVERY_MS) {
      this.#askedAt = now;
      own.ask();
    }
    for (const { dialect, hasMoreAnonymous, ids } of appeared ?? []) {
      for (const boxId of ids) parts.open.boxReturned(dialect, boxId);
      if (hasMoreAnonymous) parts.open.boxReturned(dialect, undefined);
    }
    return true;
  }

  #pass({ announce }: ClusterParts, data: Uint8Array): boolean {
    const head = decode(notice, data)?.head;
    if (head === undefined) return false;
    if (head.from !== this.#member) announce(head.kind, head.text, head.eventId);
    return true;
  }
}

/** @returns false where it is malformed */
function reply(
  answer: Uint8Array | undefined | 'malformed',
  respond: ((data: Uint8Array) => void) | undefined,
): boolean {
  if (answer === 'malformed') return false;
  if (answer !== undefined) respond?.(answer);
  return true;
}
