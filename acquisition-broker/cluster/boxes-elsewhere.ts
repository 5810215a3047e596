/** Which boxes the other brokers have, as they last said. A broker that was not heard for some seconds has none. */
import type { Clock } from '../../common/clock.js';
import { DIALECTS, type Dialect } from '../../proto/index.js';
import { MAX_BOXES, type Presence } from './messages.js';

/** A broker speaks every 2 s; after this time it is taken for gone, ms. */
export const GONE_MS = 8_000;
/** Brokers remembered: more are not heard. */
const MAX_BROKERS = 100;

interface Broker {
  readonly name: string;
  revision: number;
  heardAt: number;
  /** undefined: not said yet */
  boxes: ReadonlyMap<Dialect, { readonly ids: ReadonlySet<number>; readonly anonymous: number }> | undefined;
}

export interface BrokerStatus {
  /** its `identity` */
  name: string;
  /** differs between runs of the same broker */
  member: string;
  /** by dialect: boxes whose ids are known, and all */
  boxes: Record<string, { known: number; connections: number }>;
}

/** What a message of a broker changed. */
export interface Appeared {
  dialect: Dialect;
  /** ids that it did not have before */
  ids: number[];
  /** more boxes than before that do not say who they are */
  hasMoreAnonymous: boolean;
}

export class BoxesElsewhere {
  readonly #clock: Clock;
  readonly #brokers = new Map<string, Broker>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Members that are there. */
  get members(): string[] {
    this.#forget();
    return [...this.#brokers.keys()];
  }

  /** For /status, sorted by name. */
  list(): BrokerStatus[] {
    this.#forget();
    const list = [...this.#brokers].map(([member, { boxes, name }]) => ({
      name,
      member,
      boxes: Object.fromEntries(
        [...(boxes ?? [])].map(([dialect, { anonymous, ids }]) => [
          dialect.name,
          { known: ids.size, connections: Math.max(anonymous, ids.size) },
        ]),
      ),
    }));
    return list.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Boxes of all others, also those whose ids are not known: of each no more than a broker remembers. */
  get count(): number {
    let sum = 0;
    for (const dialect of DIALECTS)
      for (const [, { anonymous, ids }] of this.#of(dialect))
        sum += Math.max(Math.min(anonymous, MAX_BOXES), ids.size);
    return sum;
  }

  /** Takes what a broker says of itself. @returns what is new; undefined where its boxes are not known: it is to be asked for them */
  hear(message: Presence): Appeared[] | undefined {
    const { boxes, isLeaving, member, name, revision } = message;
    if (isLeaving) {
      this.#brokers.delete(member);
      return [];
    }
    const known = this.#brokers.get(member);
    if (known === undefined && this.#brokers.size >= MAX_BROKERS) return [];
    const broker: Broker = known ?? { name, revision, heardAt: 0, boxes: undefined };
    broker.heardAt = this.#clock.monotonic();
    this.#brokers.set(member, broker);
    if (boxes === undefined) {
      if (broker.boxes !== undefined && broker.revision === revision) return [];
      return undefined;
    }
    const before = broker.boxes;
    broker.revision = revision;
    broker.boxes = new Map(
      DIALECTS.flatMap((dialect) => {
        const said = boxes[dialect.name];
        return said === undefined ? [] : [[dialect, { ids: new Set(said.ids), anonymous: said.anonymous }]];
      }),
    );
    return [...broker.boxes].map(([dialect, { anonymous, ids }]) => ({
      dialect,
      ids: [...ids].filter((id) => before?.get(dialect)?.ids.has(id) !== true),
      hasMoreAnonymous: anonymous > (before?.get(dialect)?.anonymous ?? 0),
    }));
  }

  /** There is no connection to NATS: who is there is not known. */
  clear(): void {
    this.#brokers.clear();
  }

  /** Ids of their boxes. @param dialect only of this one */
  ids(dialect?: Dialect): Set<number> {
    const found = new Set<number>();
    for (const one of dialect === undefined ? DIALECTS : [dialect])
      for (const [, { ids }] of this.#of(one)) for (const id of ids) found.add(id);
    return found;
  }

  has(dialect: Dialect, boxId: number): boolean {
    return this.membersWith(dialect, boxId).length > 0;
  }

  membersWith(dialect: Dialect, boxId: number): string[] {
    return this.#of(dialect).flatMap(([member, { ids }]) => (ids.has(boxId) ? [member] : []));
  }

  /** The dialect of a box; undefined when no other broker has it, or it seems to have more than one. */
  dialectOf(boxId: number): Dialect | undefined {
    const [first, second] = DIALECTS.filter((dialect) => this.has(dialect, boxId));
    return second === undefined ? first : undefined;
  }

  /** Connections of boxes that did not name themselves. */
  anonymous(dialect: Dialect): number {
    return this.#of(dialect).reduce((sum, [, { anonymous }]) => sum + anonymous, 0);
  }

  membersWithAnonymous(dialect: Dialect): string[] {
    return this.#of(dialect).flatMap(([member, { anonymous }]) => (anonymous > 0 ? [member] : []));
  }

  #of(dialect: Dialect): [string, { readonly ids: ReadonlySet<number>; readonly anonymous: number }][] {
    this.#forget();
    return [...this.#brokers].flatMap(([member, { boxes }]) => {
      const population = boxes?.get(dialect);
      return population === undefined ? [] : [[member, population]];
    });
  }

  #forget(): void {
    const now = this.#clock.monotonic();
    for (const [member, { heardAt }] of this.#brokers)
      if (now - heardAt > GONE_MS) this.#brokers.delete(member);
  }
}
