/**
 * Which boxes are connected, and in which dialect. Each subscription on `box_pub` says of which dialect the subscriber is and, in most
 * dialects, its id; a box that does not name itself is known by its replies. ZeroMQ reports every subscription and every end of one (also
 * by a lost connection), so both are counted.
 *
 * Anyone with a key may subscribe to any id and reply under any id, so a box with evidence for two dialects counts as unknown and is asked
 * in both.
 */
import type { Clock } from '../../common/clock.js';
import { RecentMap } from '../../common/recent-map.js';
import { DIALECTS, type Dialect } from '../../proto/index.js';

/** A box without a subscription of its own that was silent this long, and for so many commands to all, is taken for gone. */
const SILENT_MS = 60_000;
const SILENT_COMMANDS = 5;

/** Of one dialect, for /status. */
export interface DialectStatus {
  /** ids of the boxes that are connected, as far as they are known */
  ids: string[];
  /** connections, also those whose box is not known yet */
  connections: number;
}

/** Boxes that other brokers have (cluster/). */
export interface Elsewhere {
  /** connected there, also those whose ids are not known */
  readonly count: number;
  ids(dialect?: Dialect): Iterable<number>;
  has(dialect: Dialect, boxId: number): boolean;
  dialectOf(boxId: number): Dialect | undefined;
  anonymous(dialect: Dialect): number;
}

interface HeardBox {
  atMs: number;
  /** commands to all that had been sent then */
  commands: number;
}

/** The boxes of one dialect. */
class Population {
  /** subscriptions that do not say which box they are of */
  anonymous = 0;
  /** box id → number of its subscriptions */
  readonly subscribed = new Map<number, number>();
  /** box id → when it last replied; oldest first */
  readonly heard: RecentMap<number, HeardBox>;
  /** commands that all of them were sent, and clock.monotonic() of the last one */
  commands = 0;
  lastCommandAt = Number.NEGATIVE_INFINITY;

  constructor(limit: number) {
    this.heard = new RecentMap(limit);
  }
}

export class ConnectedBoxes {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #overflow: () => void;
  readonly #elsewhere: Elsewhere | undefined;
  readonly #populations: ReadonlyMap<Dialect, Population>;
  /** the last evidence of each box's dialect; oldest first */
  readonly #lastSeenAs: RecentMap<number, Dialect>;

  /**
   * @param limit    how many boxes are remembered of each dialect; the oldest are forgotten, subscriptions past it are not noted
   * @param overflow called for each subscription that was not noted
   * @param elsewhere undefined: there are no other brokers
   */
  constructor(
    clock: Clock,
    limit: number,
    overflow: () => void = () => undefined,
    elsewhere: Elsewhere | undefined = undefined,
  ) {
    this.#clock = clock;
    this.#limit = limit;
    this.#overflow = overflow;
    this.#elsewhere = elsewhere;
    this.#populations = new Map(DIALECTS.map((dialect) => [dialect, new Population(limit)]));
    this.#lastSeenAs = new RecentMap(limit);
  }

  /** @param boxId undefined: the box does not say which it is */
  subscribed(dialect: Dialect, boxId: number | undefined): void {
    const population = this.#of(dialect);
    if (boxId === undefined) {
      population.anonymous += 1;
      return;
    }
    const count = population.subscribed.get(boxId);
    if (count === undefined && population.subscribed.size >= this.#limit) this.#overflow();
    else {
      population.subscribed.set(boxId, (count ?? 0) + 1);
      this.#lastSeenAs.set(boxId, dialect);
    }
  }

  unsubscribed(dialect: Dialect, boxId: number | undefined): void {
    const population = this.#of(dialect);
    if (boxId === undefined) {
      population.anonymous = Math.max(0, population.anonymous - 1);
      return;
    }
    const count = population.subscribed.get(boxId) ?? 0;
    if (count > 1) population.subscribed.set(boxId, count - 1);
    else population.subscribed.delete(boxId);
  }

  /** Notes a reply. @returns whether the box was not known by its replies before */
  heard(dialect: Dialect, boxId: number): boolean {
    const { commands, heard } = this.#of(dialect);
    const isNew = !heard.has(boxId);
    heard.set(boxId, { atMs: this.#clock.monotonic(), commands });
    this.#lastSeenAs.set(boxId, dialect);
    return isNew;
  }

  /** Notes a command to all boxes of a dialect. */
  asked(dialect: Dialect): void {
    const population = this.#of(dialect);
    population.commands += 1;
    population.lastCommandAt = this.#clock.monotonic();
  }

  /** clock.monotonic() of the last command to all boxes of a dialect; -Infinity before the first. */
  lastAskedAt(dialect: Dialect): number {
    return this.#of(dialect).lastCommandAt;
  }

  /** All connections are gone: the sockets were closed. What boxes are like stays known. */
  disconnected(): void {
    for (const population of this.#populations.values()) {
      population.anonymous = 0;
      population.subscribed.clear();
    }
  }

  /** Here or elsewhere. */
  isSubscribed(dialect: Dialect, boxId: number): boolean {
    return this.#of(dialect).subscribed.has(boxId) || this.#elsewhere?.has(dialect, boxId) === true;
  }

  /** Connections of boxes that did not name themselves when they subscribed, here and elsewhere. */
  anonymous(dialect: Dialect): number {
    return this.anonymousHere(dialect) + (this.#elsewhere?.anonymous(dialect) ?? 0);
  }

  anonymousHere(dialect: Dialect): number {
    return this.#of(dialect).anonymous;
  }

  /** Boxes that are connected, here and elsewhere, also those whose id is not known. */
  get expected(): number {
    const here = this.#sum(({ anonymous, subscribed }) => anonymous + subscribed.size);
    return here + (this.#elsewhere?.count ?? 0);
  }

  get connections(): number {
    return this.#sum(connectionsOf);
  }

  /** The dialect of a box; undefined when it is not known, or when there is evidence for more than one. */
  dialectOf(boxId: number): Dialect | undefined {
    const [first, second] = DIALECTS.filter((dialect) => this.#isConnected(dialect, boxId));
    if (second !== undefined) return undefined;
    return first ?? this.#elsewhere?.dialectOf(boxId) ?? this.#lastSeenAs.get(boxId);
  }

  /** Whether a box is connected here, as far as is known. */
  isHere(dialect: Dialect, boxId: number): boolean {
    return this.#isConnected(dialect, boxId);
  }

  /** Ids of the boxes that are connected here or elsewhere, each once, in rising order. */
  ids(): number[] {
    return risingOf(new Set([...this.#idsHere(), ...(this.#elsewhere?.ids() ?? [])]));
  }

  /** Of those that are connected here. @param dialect only of this one */
  idsHere(dialect?: Dialect): number[] {
    return risingOf(this.#idsHere(dialect));
  }

  #idsHere(dialect?: Dialect): Set<number> {
    const ids = new Set<number>();
    for (const [one, { heard, subscribed }] of this.#populations) {
      if (dialect !== undefined && one !== dialect) continue;
      for (const boxId of subscribed.keys()) ids.add(boxId);
      for (const boxId of heard.keys()) if (this.#isConnected(one, boxId)) ids.add(boxId);
    }
    return ids;
  }

  /** Of those that are connected here, by the dialect's name. */
  status(): Record<string, DialectStatus> {
    return Object.fromEntries(
      [...this.#populations].map(([dialect, population]) => [
        dialect.name,
        { ids: this.idsHere(dialect).map(String), connections: connectionsOf(population) },
      ]),
    );
  }

  #of(dialect: Dialect): Population {
    const population = this.#populations.get(dialect);
    if (population === undefined) throw new Error(`${dialect.name} is not registered`);
    return population;
  }

  #isConnected(dialect: Dialect, boxId: number): boolean {
    const { anonymous, commands, heard, subscribed } = this.#of(dialect);
    if (subscribed.has(boxId)) return true;
    const last = heard.get(boxId);
    if (last === undefined || anonymous === 0) return false;
    const silentMs = this.#clock.monotonic() - last.atMs;
    return silentMs <= SILENT_MS || commands - last.commands <= SILENT_COMMANDS;
  }

  #sum(of: (population: Population) => number): number {
    return [...this.#populations.values()].reduce((sum, population) => sum + of(population), 0);
  }
}

function risingOf(ids: ReadonlySet<number>): number[] {
  return [...ids].sort((a, b) => a - b);
}

function connectionsOf({ anonymous, subscribed }: Population): number {
  let count = anonymous;
  for (const subscriptions of subscribed.values()) count += subscriptions;
  return count;
}

/** A subscription message of XPUB: a byte 1 or 0, then the topic. */
export interface SubscriptionMessage {
  on: boolean;
  dialect: Dialect;
  /** undefined: the box does not say which it is */
  boxId: number | undefined;
}

/** Takes an XPUB message apart; undefined for what no box subscribes to. */
export function parseSubscription(frames: readonly Uint8Array[]): SubscriptionMessage | undefined {
  const [frame] = frames;
  if (frames.length !== 1 || frame === undefined || frame.length > 256) return undefined;
  const first = frame[0];
  if (first !== 0 && first !== 1) return undefined;
  const topic = Buffer.from(frame.buffer, frame.byteOffset + 1, frame.length - 1).toString('latin1');
  for (const dialect of DIALECTS) {
    const subscriber = dialect.readSubscription(topic);
    if (subscriber !== undefined) return { on: first === 1, dialect, boxId: subscriber.boxId };
  }
  return undefined;
}
