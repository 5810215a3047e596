/**
 * Commands on their way to all boxes of a dialect. All of them hear and reply to each one, so n events with a command each would have n boxes
 * send n times n waveforms (a sag of the whole grid, where `threshold` asks for an event per box). So only a few go out immediately; those
 * that are due then wait for up to 100 ms (a Box 2 looks for requests every 500 ms) and go together: one command for all whose windows
 * overlap, under the id of the first event and for the window that holds theirs. A reply is trimmed to the window of each event like any
 * reply.
 */
import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { DialectToAll, TimeWindow } from '../../proto/index.js';
import type { ConnectedBoxes } from '../boxes/connected-boxes.js';
import type { Audience, BoxSender } from '../boxes/sender.js';
import type { OpenRequest } from './open-request.js';

/** Commands that may go out in one burst, and ms from one to the next in the long run. */
export const BURST = 4;
export const GATHER_MS = 100;
/** Windows remembered under one id: those of its retries. The oldest is forgotten. */
const REMEMBERED = 16;
/** In the log. */
export const NOT_SENT = 'a command of an open request was not sent';

export interface SharedCommandsOptions {
  dialect: DialectToAll;
  clock: Clock;
  sender: Pick<BoxSender, 'send'>;
  boxes: ConnectedBoxes;
  /** longest window that is asked for, ms */
  maxWindowMs: number;
  log: Logger;
}

/** A request that is due. */
interface Due {
  request: OpenRequest;
  eventId: number;
  window: TimeWindow;
}

/** A command that went out for several requests: its window, and whom a reply belongs to. */
interface Shared {
  readonly window: TimeWindow;
  /** box id → requests that asked it */
  readonly byBox: ReadonlyMap<number, readonly OpenRequest[]>;
  /** requests that asked everyone */
  readonly everyone: readonly OpenRequest[];
}

export class SharedCommands {
  readonly #options: SharedCommandsOptions;
  readonly #log: ThrottledLog;
  readonly #due = new Map<OpenRequest, Due>();
  /** by the request whose id the command had */
  readonly #shared = new WeakMap<OpenRequest, Shared[]>();
  /** commands that may go out now, as of a time of clock.monotonic() */
  #allowed = BURST;
  #countedAt: number;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(options: SharedCommandsOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log);
    this.#countedAt = options.clock.monotonic();
  }

  /** Sends the request's command, now or within 100 ms. */
  send(request: OpenRequest): void {
    const { clock, dialect } = this.#options;
    const command = request.toAll(dialect);
    if (command === undefined || request.window === undefined || this.#stopped) return;
    this.#due.set(request, { request, eventId: command.number, window: request.window });
    if (this.#cancel !== undefined) return;
    this.#count();
    if (this.#allowed >= 1) this.#sendAll();
    else this.#cancel = clock.after((1 - this.#allowed) * GATHER_MS, () => this.#sendAll());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#due.clear();
  }

  #count(): void {
    const now = this.#options.clock.monotonic();
    this.#allowed = Math.min(BURST, this.#allowed + (now - this.#countedAt) / GATHER_MS);
    this.#countedAt = now;
  }

  #sendAll(): void {
    this.#cancel = undefined;
    this.#count();
    const due = [...this.#due.values()].filter(({ request }) => request.isOpen);
    this.#due.clear();
    for (const group of overlapping(due, this.#options.maxWindowMs)) this.#trySendOne(group);
  }

  /** Never throws: it is called by a timer, and one command that cannot be made must not keep the others back. */
  #trySendOne(group: readonly Due[]): void {
    try {
      this.#sendOne(group);
    } catch (error) {
      const requests = group.map(({ request }) => request.key);
      this.#log.error({ requests, problem: messageOf(error) }, NOT_SENT);
    }
  }

  #sendOne(group: readonly Due[]): void {
    const { boxes, clock, dialect, sender } = this.#options;
    let [lead] = group;
    if (lead === undefined) return;
    const window = { ...lead.window };
    for (const due of group) {
      if (due.eventId < lead.eventId) lead = due;
      window.startMs = Math.min(window.startMs, due.window.startMs);
      window.endMs = Math.max(window.endMs, due.window.endMs);
    }
    if (group.length > 1) this.#remember(lead.request, sharedBy(group, window));
    this.#allowed = Math.max(0, this.#allowed - 1);
    sender.send(dialect, dialect.askAll(lead.eventId, window), () => audienceOf(group, dialect));
    for (const { request } of group) request.sentToAll(dialect, clock.monotonic(), boxes.anonymous(dialect));
  }

  #remember(lead: OpenRequest, shared: Shared): void {
    this.#shared.set(lead, [...(this.#shared.get(lead) ?? []), shared].slice(-REMEMBERED));
  }

  /**
   * The requests that a reply to a command of this request's id belongs to; undefined when no command of that id had this window. A reply of
   * a box that none of them asked belongs to this one: every box of the dialect hears the command.
   */
  requestsOf(lead: OpenRequest, window: TimeWindow, boxId: number): OpenRequest[] | undefined {
    const isSame = (other: TimeWindow | undefined): boolean =>
      other?.startMs === window.startMs && other.endMs === window.endMs;
    const shared = (this.#shared.get(lead) ?? []).filter((one) => isSame(one.window));
    const isOwn = isSame(lead.window);
    if (shared.length === 0 && !isOwn) return undefined;
    const asked = new Set<OpenRequest>();
    if (isOwn && (lead.everyone || lead.ask(boxId) !== undefined)) asked.add(lead);
    for (const { byBox, everyone } of shared) {
      for (const request of byBox.get(boxId) ?? []) asked.add(request);
      for (const request of everyone) asked.add(request);
    }
    return asked.size > 0 ? [...asked] : [lead];
  }
}

/** Boxes that have not replied and may speak the dialect. */
function audienceOf(group: readonly Due[], dialect: DialectToAll): Audience {
  const boxIds = group.flatMap(({ request }) =>
    [...request.asks].flatMap(({ boxId, numbers, state }) =>
      state === 'waiting' && numbers.has(dialect) ? [boxId] : [],
    ),
  );
  return {
    boxIds: group.some(({ request }) => request.everyone) ? undefined : boxIds,
    isAgain: group.some(({ request }) => request.toAll(dialect)?.sentAt !== undefined),
  };
}

function sharedBy(group: readonly Due[], window: TimeWindow): Shared {
  const byBox = new Map<number, OpenRequest[]>();
  const everyone: OpenRequest[] = [];
  for (const { request } of group) {
    if (request.everyone) everyone.push(request);
    else {
      for (const { boxId } of request.asks) {
        const requests = byBox.get(boxId);
        if (requests === undefined) byBox.set(boxId, [request]);
        else requests.push(request);
      }
    }
  }
  return { window, byBox, everyone };
}

/** Groups whose windows overlap, each within a window that may be asked for. */
function overlapping(due: readonly Due[], maxWindowMs: number): Due[][] {
  const groups: Due[][] = [];
  let group: Due[] = [];
  let startMs = 0;
  let endMs = 0;
  for (const one of [...due].sort((a, b) => a.window.startMs - b.window.startMs)) {
    const end = Math.max(endMs, one.window.endMs);
    if (group.length > 0 && one.window.startMs <= endMs && end - startMs <= maxWindowMs) {
      group.push(one);
      endMs = end;
    } else {
      group = [one];
      groups.push(group);
      ({ startMs, endMs } = one.window);
    }
  }
  return groups;
}
