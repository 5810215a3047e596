/**
 * An open request: commands to boxes that wait for replies. One event request of a client is one open request for all its boxes; a
 * client's Command is one for its box. It knows which box has replied and when it is over; what goes out when is for open-requests.ts.
 */
import { type Command, DIALECTS, type Dialect, type TimeWindow } from '../../proto/index.js';
import type { RequestedEvent } from '../events/requested-event.js';

/** What is asked of one box. */
export interface Ask {
  readonly boxId: number;
  /** number of its command in each dialect that it may speak: more than one where its dialect is not known */
  readonly numbers: ReadonlyMap<Dialect, number>;
  /** waiting: asked (or to be asked); arrived: a reply is being decoded; replied: done, with or without data */
  readonly state: 'waiting' | 'arrived' | 'replied';
  /** clock.monotonic() of the last command to it alone, and whether the box was subscribed then */
  readonly sentAt: number | undefined;
  readonly wasSubscribed: boolean;
}

/** Its command to all boxes of a dialect. */
export interface CommandToAll {
  /** the event id */
  readonly number: number;
  /** clock.monotonic() when it last went out, also together with others, and how many anonymous boxes were connected then */
  readonly sentAt: number | undefined;
  readonly audience: number;
  /** boxes that replied */
  readonly replied: ReadonlySet<number>;
}

type MutableCommandToAll = { -readonly [K in keyof CommandToAll]: CommandToAll[K] } & {
  replied: Set<number>;
};
type MutableAsk = { -readonly [K in keyof Ask]: Ask[K] };

export interface OpenRequestOptions {
  /** unique name, also in the store */
  key: string;
  /** Unix ms */
  acceptedAtMs: number;
  asks: readonly Pick<Ask, 'boxId' | 'numbers'>[];
  /** the window asked for; without it no waveform is */
  window?: TimeWindow | undefined;
  /** the event that replies are stored in; without it they are only routed */
  event?: RequestedEvent | undefined;
  /** no boxes were named: every box counts as asked, also one whose id is not known */
  everyone?: boolean;
  /** the client's Command whose reply is routed to it */
  command?: Command | undefined;
  /** the token that makes several Commands one event */
  token?: string | undefined;
}

export class OpenRequest {
  readonly key: string;
  readonly acceptedAtMs: number;
  readonly window: TimeWindow | undefined;
  readonly event: RequestedEvent | undefined;
  readonly everyone: boolean;
  readonly command: Command | undefined;
  readonly token: string | undefined;
  /** settled once the request is written to the store (or could not be) */
  persisted: Promise<unknown> = Promise.resolve();
  readonly #asks: Map<number, MutableAsk>;
  readonly #toAll: ReadonlyMap<Dialect, MutableCommandToAll>;
  /** asks without a reply */
  #missing: number;
  #isStarted = false;
  #closedAt: number | undefined;
  /** replies taken that are not stored yet */
  #storing = 0;
  #isFinished = false;
  #cancelTimers = (): void => undefined;

  constructor({
    acceptedAtMs,
    asks,
    command,
    event,
    everyone = false,
    key,
    token,
    window,
  }: OpenRequestOptions) {
    this.key = key;
    this.acceptedAtMs = acceptedAtMs;
    this.window = window;
    this.event = event;
    this.everyone = everyone;
    this.command = command;
    this.token = token;
    this.#asks = new Map(
      asks.map(({ boxId, numbers }) => [
        boxId,
        { boxId, numbers, state: 'waiting', sentAt: undefined, wasSubscribed: false },
      ]),
    );
    this.#missing = this.#asks.size;
    const hasCommandToAll = (dialect: Dialect): boolean =>
      dialect.reach === 'all' && (everyone || asks.some(({ numbers }) => numbers.has(dialect)));
    this.#toAll = new Map(
      event === undefined
        ? []
        : DIALECTS.filter(hasCommandToAll).map((dialect) => [
            dialect,
            { number: event.id, sentAt: undefined, audience: 0, replied: new Set() },
          ]),
    );
  }

  get asks(): Iterable<Ask> {
    return this.#asks.values();
  }

  ask(boxId: number): Ask | undefined {
    return this.#asks.get(boxId);
  }

  get boxIds(): number[] {
    return [...this.#asks.keys()];
  }

  /** Boxes that are remembered with it, one for itself where it names none. */
  get size(): number {
    return Math.max(1, this.#asks.size);
  }

  /** What it counts against the limit of open requests: boxes that have not replied, at least one. */
  get weight(): number {
    return Math.max(1, this.#missing);
  }

  /** Its command to all boxes of a dialect; undefined where it has none. */
  toAll(dialect: Dialect): CommandToAll | undefined {
    return this.#toAll.get(dialect);
  }

  /** The dialects of its commands to all boxes. */
  get dialectsToAll(): Dialect[] {
    return [...this.#toAll.keys()];
  }

  /** The numbers under which replies to it come. */
  *numbers(): Iterable<[Dialect, number]> {
    for (const [dialect, { number }] of this.#toAll) yield [dialect, number];
    for (const { numbers } of this.#asks.values()) yield* numbers;
  }

  /** Whether its first commands went out. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** False once it is closed: no more commands go out, late replies are still taken. */
  get isOpen(): boolean {
    return this.#closedAt === undefined;
  }

  /** clock.monotonic() */
  get closedAt(): number | undefined {
    return this.#closedAt;
  }

  start(): void {
    this.#isStarted = true;
  }

  /** Keeps how to cancel its timers until it is closed. */
  holdTimers(cancel: () => void): void {
    this.#cancelTimers = cancel;
  }

  cancelTimers(): void {
    this.#cancelTimers();
  }

  /** A command to one box went out. */
  sent(boxId: number, at: number, wasSubscribed: boolean): void {
    const ask = this.#asks.get(boxId);
    if (ask === undefined) return;
    ask.sentAt = at;
    ask.wasSubscribed = wasSubscribed;
  }

  /** A command to all boxes of a dialect went out. @param audience anonymous boxes that were connected */
  sentToAll(dialect: Dialect, at: number, audience: number): void {
    const command = this.#toAll.get(dialect);
    if (command !== undefined) Object.assign(command, { sentAt: at, audience });
  }

  repliedToAll(dialect: Dialect, boxId: number): void {
    this.#toAll.get(dialect)?.replied.add(boxId);
  }

  /** Whether a reply to a command to one box brings something new: the first one does, and one with data after an empty one. */
  isNews({ boxId, state }: Ask, hasData: boolean): boolean {
    if (state === 'waiting') return true;
    return state === 'replied' && hasData && this.event !== undefined && !this.event.has(boxId);
  }

  /** A reply is being decoded and stored; the box is not asked again meanwhile. `unusable` or `replied` must follow. */
  arrived(boxId: number): void {
    const ask = this.#asks.get(boxId);
    if (ask?.state === 'waiting') ask.state = 'arrived';
    this.#storing += 1;
  }

  /** What arrived could not be used: the box is asked again when the time comes. */
  unusable(boxId: number): void {
    const ask = this.#asks.get(boxId);
    if (ask?.state === 'arrived') ask.state = 'waiting';
    this.#storing -= 1;
  }

  /** What arrived is stored, or needs no storing. */
  replied(boxId: number): void {
    const ask = this.#asks.get(boxId);
    if (ask !== undefined && ask.state !== 'replied') {
      ask.state = 'replied';
      this.#missing -= 1;
    }
    this.#storing -= 1;
  }

  /** Before a restart this box's waveform was stored: it is not asked again. */
  wasStored(boxId: number): void {
    if (this.#asks.delete(boxId)) this.#missing -= 1;
    for (const command of this.#toAll.values()) command.replied.add(boxId);
  }

  /** Whether every box that is known to be asked has replied. A request to everyone needs one reply at least. */
  get isComplete(): boolean {
    const nobodyYet =
      this.everyone &&
      this.#asks.size === 0 &&
      [...this.#toAll.values()].every(({ replied }) => replied.size === 0);
    return this.#missing === 0 && !nobodyYet;
  }

  /** @param at clock.monotonic() */
  close(at: number): void {
    this.#cancelTimers();
    this.#closedAt = at;
  }

  /** True once: when it is closed and all replies that were taken are stored. */
  finish(): boolean {
    if (this.isOpen || this.#storing > 0 || this.#isFinished) return false;
    this.#isFinished = true;
    return true;
  }
}
