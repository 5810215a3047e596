/** Replies of the boxes: what comes in on `box_pull`, one multipart message per reply. */
import { isBoxId } from '../common/box-id.js';
import type { Clock } from '../common/clock.js';
import type { Rejections } from '../common/rejections.js';
import { DecodeError, DIALECTS, type Dialect, dialectOfReply, type Reply } from '../proto/index.js';
import type { RepliesOfBoxes } from './boxes/box-replies.js';
import type { ConnectedBoxes } from './boxes/connected-boxes.js';
import type { WaveformBudget } from './budget/waveform-budget.js';
import type { OpenRequest } from './open-requests/open-request.js';
import type { OpenRequests } from './open-requests/open-requests.js';
import type { WaveformQueue } from './waveforms/queue.js';

export interface ReplyHandlerDeps {
  clock: Clock;
  boxes: ConnectedBoxes;
  boxReplies: RepliesOfBoxes;
  open: OpenRequests;
  queue: WaveformQueue;
  rejections: Rejections;
  budget: Pick<WaveformBudget, 'hasForUnasked' | 'unasked'>;
  /** whether the waveforms of boxes that were not asked are stored */
  keepsUnasked: boolean;
  /** whether a certificate names this box; true for all when everyone is let in */
  isKnownBox(boxId: number): boolean;
  /** publishes `[identity, frames...]` on `backend_pub` */
  route(identity: string, frames: readonly Uint8Array[]): void;
}

/** Why a reply is dropped: a fixed word, and what it was about. */
interface Dropped {
  reason: string;
  about?: string | undefined;
}

/** A reply to a command of ours, and who sent it. */
interface Received {
  dialect: Dialect;
  boxId: number;
  reply: Extract<Reply, { kind: 'reply' }>;
  /** all of them, as they came */
  all: readonly Uint8Array[];
}

export class ReplyHandler {
  readonly #deps: ReplyHandlerDeps;
  readonly #byName: Record<string, number>;
  #received = 0;
  #routed = 0;
  #unasked = 0;

  constructor(deps: ReplyHandlerDeps) {
    this.#deps = deps;
    this.#byName = Object.fromEntries(
      DIALECTS.flatMap(({ replyNames }) => replyNames.map((name) => [name, 0])),
    );
  }

  /** Replies that came, those of known boxes by the message's name, those that were passed on to a client, and those of boxes that were not asked, which were not stored. */
  get counts(): {
    received: number;
    routed: number;
    unasked: number;
    byName: Readonly<Record<string, number>>;
  } {
    return {
      received: this.#received,
      routed: this.#routed,
      unasked: this.#unasked,
      byName: this.#byName,
    };
  }

  handle(frames: readonly Uint8Array[]): void {
    const { isKnownBox, rejections } = this.#deps;
    this.#received += 1;
    try {
      const dialect = dialectOfReply(frames[0] ?? new Uint8Array());
      const reply = dialect.readReply(frames);
      const { boxId } = reply;
      // ZeroMQ does not say who sent a message; but a box that no certificate names cannot have sent it honestly.
      const isKnown = boxId !== undefined && isBoxId(boxId) && isKnownBox(boxId);
      const dropped = isKnown ? this.#take(dialect, boxId, reply, frames) : { reason: 'unknown_box' };
      if (dropped !== undefined) rejections.count(dropped.reason, String(boxId), dropped.about);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      rejections.count('malformed_reply', undefined, error.message);
    }
  }

  #take(dialect: Dialect, boxId: number, reply: Reply, all: readonly Uint8Array[]): Dropped | undefined {
    if (reply.kind === 'unexpected') return { reason: reply.reason, about: reply.about };
    this.#deps.boxes.heard(dialect, boxId);
    this.#deps.boxReplies.replied(boxId, reply.timeMs);
    // We send nothing that a box refuses, so each such reply is worth a line in the log.
    if (reply.kind === 'error') return { reason: 'error_from_box', about: reply.about };
    this.#byName[reply.name] = (this.#byName[reply.name] ?? 0) + 1;
    if (reply.kind === 'alive') return undefined;
    const request = this.#deps.open.find(dialect, reply.number);
    const about = `${dialect.numberName} ${reply.number}`;
    if (request === undefined) return { reason: 'reply_to_nothing', about };
    const received = { dialect, boxId, reply, all };
    return dialect.reach === 'all'
      ? this.#takeToAll(request, received, about)
      : this.#takeToOne(request, received, about);
  }

  /**
   * A reply to a command that all boxes heard: one that was not asked replies too, and is stored only where the settings say so. One command may have served several
   * events (open/shared-commands.ts): the reply is taken for each that asked this box.
   */
  #takeToAll(lead: OpenRequest, received: Received, about: string): Dropped | undefined {
    const { boxId, dialect, reply } = received;
    // A box repeats the window: another window means an event of the same id in an earlier store.
    const requests =
      reply.window === undefined ? undefined : this.#deps.open.sharing(lead, dialect, reply.window, boxId);
    if (requests === undefined) return { reason: 'reply_to_another_window', about };
    const wasAsked = requests.some((request) => request.everyone || request.ask(boxId) !== undefined);
    if (!wasAsked) {
      const { budget, keepsUnasked } = this.#deps;
      if (!keepsUnasked) {
        this.#unasked += 1;
        for (const request of requests) request.repliedToAll(dialect, boxId);
        return undefined;
      }
      const isWithin = budget.hasForUnasked;
      budget.unasked(received.all.reduce((sum, { length }) => sum + length, 0));
      if (!isWithin) return { reason: 'waveform_budget_of_all', about };
    }
    let isTaken = false;
    for (const request of requests) {
      request.repliedToAll(dialect, boxId);
      if (request.event === undefined || request.event.has(boxId)) continue;
      this.#keep(request, received);
      isTaken = true;
    }
    return isTaken ? undefined : { reason: 'duplicate_reply', about };
  }

  /**
   * A reply to a command to one box. It counts only when it comes from the box that was asked under that number: subscriptions are prefixes,
   * so box 1 also hears what is meant for boxes 10 to 19 (wire-protocols 3.2).
   */
  #takeToOne(request: OpenRequest, received: Received, about: string): Dropped | undefined {
    const { all, boxId, dialect, reply } = received;
    const ask = request.ask(boxId);
    if (ask?.numbers.get(dialect) !== reply.number) return { reason: 'reply_of_another_box', about };
    const asked = request.command?.body.kind ?? 'data';
    if (reply.body !== asked) return { reason: 'reply_of_wrong_kind', about: `${reply.body} to ${asked}` };
    if (!request.isNews(ask, reply.frames.length > 0))
      return { reason: 'duplicate_reply', about: request.key };
    // What is stored as an event nobody else needs: v2's analysis service takes every message on that socket for a notice with a number, and ends.
    if (ask.state === 'waiting' && request.command !== undefined && request.event === undefined) {
      this.#routed += 1;
      this.#deps.route(request.command.identity, all);
    }
    this.#keep(request, received);
    return undefined;
  }

  /** Hands a waveform to the queue; what has none is done with. */
  #keep(request: OpenRequest, { boxId, dialect, reply: { frames } }: Received): void {
    const { clock, open, queue } = this.#deps;
    const { event, window } = request;
    open.arrived(request, boxId);
    if (event === undefined || window === undefined) open.replied(request, boxId, false);
    else if (frames.length === 0) open.replied(request, boxId, true);
    else queue.add({ dialect, boxId, frames, request, event, window, receivedAtMs: clock.now() });
  }
}
