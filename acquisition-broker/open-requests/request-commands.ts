/** Sends what an open request still misses, the first time and again: a command to all boxes of a dialect, commands to single boxes. */
import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import {
  type BoxMessage,
  DIALECTS,
  type Dialect,
  type DialectToOne,
  type TimeWindow,
} from '../../proto/index.js';
import type { ConnectedBoxes } from '../boxes/connected-boxes.js';
import type { BoxSender } from '../boxes/sender.js';
import type { Ask, OpenRequest } from './open-request.js';
import { NOT_SENT, SharedCommands } from './shared-commands.js';

/** A box that subscribes again within this time heard the last command. */
const HEARD_WITHIN_MS = 1_000;
/** The same for a command to all: who subscribed is not known, and each such command has all boxes reply. */
const ALL_AGAIN_AFTER_MS = 2_000;
/** Commands sent in one go before other work gets its turn. */
const SENDS_IN_A_ROW = 256;

export interface RequestCommandsOptions {
  clock: Clock;
  sender: BoxSender;
  boxes: ConnectedBoxes;
  /** our name in the commands that the broker makes */
  identity: string;
  /** longest window that is asked for, ms */
  maxWindowMs: number;
  log: Logger;
}

export class RequestCommands {
  readonly #options: RequestCommandsOptions;
  readonly #log: ThrottledLog;
  readonly #shared: ReadonlyMap<Dialect, SharedCommands>;
  sentAgain = 0;

  constructor(options: RequestCommandsOptions) {
    const { boxes, clock, log, maxWindowMs, sender } = options;
    this.#options = options;
    this.#log = new ThrottledLog(log);
    this.#shared = new Map(
      DIALECTS.flatMap((dialect) =>
        dialect.reach === 'all'
          ? [[dialect, new SharedCommands({ dialect, boxes, clock, log, maxWindowMs, sender })]]
          : [],
      ),
    );
  }

  /** Ends the timers of commands that are due. */
  stop(): void {
    for (const shared of this.#shared.values()) shared.stop();
  }

  /** The first time. Commands to all go first where they need not wait: every box may hear the others too, and its queue has an end. */
  send(request: OpenRequest, isOver: () => boolean): void {
    for (const dialect of request.dialectsToAll) {
      if (request.everyone || some(request.asks, ({ numbers }) => numbers.has(dialect)))
        this.#shared.get(dialect)?.send(request);
    }
    this.#sendToEach(request, isOver);
  }

  /** Again, to the boxes that did not reply. */
  sendAgain(request: OpenRequest, isOver: () => boolean): void {
    const missing = request.dialectsToAll.filter((dialect) => this.#misses(request, dialect));
    if (missing.length === 0 && !some(request.asks, (ask) => this.#commandsOf(ask).length > 0)) return;
    this.sentAgain += 1;
    for (const dialect of missing) this.#shared.get(dialect)?.send(request);
    this.#sendToEach(request, isOver);
  }

  /** A box subscribed: it is sent immediately what it did not hear. */
  boxReturned(request: OpenRequest, dialect: Dialect, boxId: number): void {
    const ask = request.ask(boxId);
    if (!request.isStarted || ask?.state !== 'waiting' || ask.sentAt === undefined) return;
    if (ask.wasSubscribed && this.#options.clock.monotonic() - ask.sentAt < HEARD_WITHIN_MS) return;
    const number = ask.numbers.get(dialect);
    if (number === undefined || dialect.reach === 'all') return;
    this.sentAgain += 1;
    this.#send(request, ask, dialect, number);
  }

  /** Boxes that did not say who they are subscribed: a command to all that still misses one goes out again. */
  anonymousReturned(request: OpenRequest, dialect: Dialect): void {
    const command = request.toAll(dialect);
    if (!request.isStarted || command?.sentAt === undefined || !this.#misses(request, dialect)) return;
    const ageMs = this.#options.clock.monotonic() - command.sentAt;
    if (command.audience > 0 && ageMs < ALL_AGAIN_AFTER_MS) return;
    this.sentAgain += 1;
    this.#shared.get(dialect)?.send(request);
  }

  /** The requests that a reply to a command to all belongs to; undefined when none went out for this window (`SharedCommands`). */
  requestsOf(
    lead: OpenRequest,
    dialect: Dialect,
    window: TimeWindow,
    boxId: number,
  ): OpenRequest[] | undefined {
    return this.#shared.get(dialect)?.requestsOf(lead, window, boxId);
  }

  /** Whether everyone was asked and more boxes are connected, not all by name, than have replied. */
  missesAnonymous(request: OpenRequest): boolean {
    return request.dialectsToAll.some((dialect) => this.#missesAnonymous(request, dialect));
  }

  /** Whether a command to all is still wanted by a box that was asked and may speak the dialect. */
  #misses(request: OpenRequest, dialect: Dialect): boolean {
    const { boxes } = this.#options;
    const misses = ({ boxId, numbers, state }: Ask): boolean =>
      state === 'waiting' && numbers.has(dialect) && (boxes.dialectOf(boxId) ?? dialect) === dialect;
    return some(request.asks, misses) || this.#missesAnonymous(request, dialect);
  }

  #missesAnonymous(request: OpenRequest, dialect: Dialect): boolean {
    const replied = request.toAll(dialect)?.replied.size ?? 0;
    return request.everyone && replied < this.#options.boxes.anonymous(dialect);
  }

  /** In portions, so that a thousand boxes do not keep other requests waiting. */
  #sendToEach(request: OpenRequest, isOver: () => boolean): void {
    const asks = [...request.asks].filter((ask) => this.#commandsOf(ask).length > 0);
    const sendFrom = (from: number): void => {
      if (isOver()) return;
      for (const ask of asks.slice(from, from + SENDS_IN_A_ROW)) {
        for (const [dialect, number] of this.#commandsOf(ask)) this.#send(request, ask, dialect, number);
      }
      if (from + SENDS_IN_A_ROW < asks.length) setImmediate(sendFrom, from + SENDS_IN_A_ROW);
    };
    sendFrom(0);
  }

  /** Commands of its own that a box waits for: in each dialect that it may speak, or in the one that it is known to speak by now. */
  #commandsOf({ boxId, numbers, state }: Ask): [DialectToOne, number][] {
    if (state !== 'waiting') return [];
    const known = numbers.size > 1 ? this.#options.boxes.dialectOf(boxId) : undefined;
    const commands: [DialectToOne, number][] = [];
    for (const [dialect, number] of numbers) {
      if (dialect.reach === 'one' && (known ?? dialect) === dialect) commands.push([dialect, number]);
    }
    return commands;
  }

  /** Never throws: it is called by timers, and one command that cannot be made must not keep the others back. */
  #send(request: OpenRequest, { boxId, sentAt }: Ask, dialect: DialectToOne, number: number): void {
    const { boxes, clock, sender } = this.#options;
    try {
      const message = this.#messageFor(request, boxId, dialect, number);
      if (message === undefined) return;
      request.sent(boxId, clock.monotonic(), boxes.isSubscribed(dialect, boxId));
      sender.send(dialect, message, () => ({ boxIds: [boxId], isAgain: sentAt !== undefined }));
    } catch (error) {
      this.#log.error({ request: request.key, boxId, problem: messageOf(error) }, NOT_SENT);
    }
  }

  /** A client's Command goes out as it came, with our number; the broker's own asks for the event's window. */
  #messageFor(
    { command, event, window }: OpenRequest,
    boxId: number,
    dialect: DialectToOne,
    number: number,
  ): BoxMessage | undefined {
    if (command !== undefined) return dialect.relay?.(command, number);
    if (window === undefined || event === undefined) return undefined;
    const { clock, identity } = this.#options;
    return dialect.askOne({ number, window, boxId, eventId: event.id, identity, nowMs: clock.now() });
  }
}

function some<T>(items: Iterable<T>, test: (item: T) => boolean): boolean {
  for (const item of items) if (test(item)) return true;
  return false;
}
