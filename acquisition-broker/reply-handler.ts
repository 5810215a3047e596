/** Replies of the boxes: what comes in on `box_pull`, one multipart message per reply. */
import { isBoxId } from '../common/box-id.js';
import type { Clock } from '../common/clock.js';
import type { Rejections } from '../common/rejections.js';
import type { Access } from '../keys/access.js';
import { DecodeError, DIALECTS, type Dialect, dialectOfReply, type Reply } from '../proto/index.js';
import type { SendQueue } from '../zmq/send-queue.js';
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
  /** which boxes have one: all where everyone may connect */
  certificates: Pick<Access, 'isKnown'>;
  /** of `backend_pub`: gets `[identity, frames...]` of a reply that is routed */
  clientQueue: Pick<SendQueue, 'send'>;
  /** A box replied for the first time: only now it is known which one is connected. */
  appeared?: (() => void) | undefined;
  /** Asks the other brokers whose it is; calls `drop` when it is nobody's. @returns false: it cannot be asked */
  offer?: ((frames: readonly Uint8Array[], drop: () => void) => boolean) | undefined;
}

/** What a reply that came at another broker is to this one. */
export type Verdict = 'not_ours' | 'wanted' | 'done';

/** Why a reply is dropped: a fixed word, and what it was about. */
interface Dropped {
  reason: string;
  about?: string | undefined;
  /** another broker may wait for it */
  mayBeOthers?: true;
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

  /** A reply that came on `box_pull`. */
  handle(frames: readonly Uint8Array[]): void {
    this.#received += 1;
    this.#handle(frames, true);
  }

  /** One that came at another broker: the box may not be connected here. */
  handleForwarded(frames: readonly Uint8Array[]): void {
    this.#handle(frames, false);
  }

  /**
   * Whether a reply that came at another broker belongs to a request of this one. What needs no further frames is done with here.
   * @param head   its first frame
   * @param frames how many follow
   */
  judge(head: Uint8Array, frames: number): Verdict {
    try {
      const dialect = dialectOfReply(head);
      // Whether any follow is all that matters here.
      const placeholder = frames > 0 ? [head, new Uint8Array()] : [head];
      const reply = dialect.readReply(placeholder);
      const { boxId } = reply;
      if (reply.kind !== 'reply' || boxId === undefined) return 'not_ours';
      const request = this.#deps.open.find(dialect, reply.number);
      if (request === undefined) return 'not_ours';
      const isKnown = isBoxId(boxId) && this.#deps.certificates.isKnown(String(boxId));
      if (isKnown && frames > 0 && this.#wants(request, { dialect, boxId, reply, all: placeholder }))
        return 'wanted';
      this.handleForwarded(placeholder);
      return 'done';
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return 'not_ours';
    }
  }

  #handle(frames: readonly Uint8Array[], isHere: boolean): void {
    const { certificates, offer, rejections } = this.#deps;
    try {
      const dialect = dialectOfReply(frames[0] ?? new Uint8Array());
      const reply = dialect.readReply(frames);
      const { boxId } = reply;
      // ZeroMQ does not say who sent a message; but a box that no certificate names cannot have sent it honestly.
      const isKnown = boxId !== undefined && isBoxId(boxId) && certificates.isKnown(String(boxId));
      const dropped = isKnown ? this.#take(dialect, boxId, reply, frames, isHere) : { reason: 'unknown_box' };
      if (dropped === undefined) return;
      const { about, mayBeOthers, reason } = dropped;
      const drop = (): void => rejections.count(reason, String(boxId), about);
      if (mayBeOthers === undefined || !isHere || offer?.(frames, drop) !== true) drop();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      rejections.count('malformed_reply', undefined, error.message);
    }
  }

  /** Whether its frames are needed, by the rules of `#takeToAll` and `#takeToOne`. */
  #wants(request: OpenRequest, { boxId, dialect, reply }: Received): boolean {
    if (dialect.reach === 'one') {
      const ask = request.ask(boxId);
      const isAsked = ask?.numbers.get(dialect) === reply.number;
      return isAsked && request.isNews(ask, true) && reply.body === (request.command?.body.kind ?? 'data');
    }
    const { keepsUnasked, open } = this.#deps;
    const requests = reply.window === undefined ? [] : open.sharing(request, dialect, reply.window, boxId);
    const wanting = requests?.filter(({ event }) => event !== undefined && !event.has(boxId)) ?? [];
    const isAsked = (one: OpenRequest): boolean => one.everyone || one.ask(boxId) !== undefined;
    return wanting.length > 0 && (keepsUnasked || wanting.some(isAsked));
  }

  #take(
    dialect: Dialect,
    boxId: number,
    reply: Reply,
    all: readonly Uint8Array[],
    isHere: boolean,
  ): Dropped | undefined {
    if (reply.kind === 'unexpected') return { reason: reply.reason, about: reply.about };
    if (isHere && this.#deps.boxes.heard(dialect, boxId)) this.#deps.appeared?.();
    this.#deps.boxReplies.replied(boxId, isHere ? reply.timeMs : undefined);
    // We send nothing that a box refuses, so each such reply is worth a line in the log.
    if (reply.kind === 'error') return { reason: 'error_from_box', about: reply.about };
    this.#byName[reply.name] = (this.#byName[reply.name] ?? 0) + 1;
    if (reply.kind === 'alive') return undefined;
    const request = this.#deps.open.find(dialect, reply.number);
    const about = `${dialect.numberName} ${reply.number}`;
    if (request === undefined) return { reason: 'reply_to_nothing', about, mayBeOthers: true };
    const received = { dialect, boxId, reply, all };
    return dialect.reach === 'all'
      ? this.#takeToAll(request, received, about)
      : this.#takeToOne(request, received, about);
  }

  /**
   * A reply to a command that all boxes heard: one that was not asked replies too, and is stored only where the settings say so. One command may have served several
   * events (open-requests/shared-commands.ts): the reply is taken for each that asked this box.
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
      this.#deps.clientQueue.send([request.command.identity, ...all]);
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
