/**
 * Which boxes are there, and of which kind. A subscription on `box_pub` to everything is a Box 2 that does not say which, one to
 * a decimal id is that Box 3; a Box 2 tells its id in each answer. ZeroMQ reports every subscription and every end of one (also by
 * a lost connection), so both are counted.
 *
 * Anyone with a key may subscribe to any id and answer under any id, so evidence for both kinds makes a box one of unknown kind,
 * which is asked both ways.
 */
import type { Clock } from '../../common/clock.js';

export type BoxKind = 2 | 3;

/** A Box 2 that was silent for so long, and for so many questions to all, is taken for gone. PING asks every 13 s. */
const SILENT_MS = 60_000;
const SILENT_BROADCASTS = 5;

export interface PresenceStatus {
  /** ids of the Box 3s that are subscribed now */
  box3: string[];
  /** ids of the Box 2s that answer */
  box2: string[];
  /** subscriptions to everything: Box 2s connected now, also those whose id is not known yet */
  box2_connections: number;
}

interface HeardBox {
  atMs: number;
  broadcast: number;
}

export class Presence {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #overflow: () => void;
  #toEverything = 0;
  #broadcasts = 0;
  /** Box 3 id → number of its subscriptions */
  readonly #subscribed = new Map<number, number>();
  /** Box 2 id → when it was last heard; oldest first */
  readonly #heard = new Map<number, HeardBox>();
  /** the last evidence of each box's kind; oldest first */
  readonly #kinds = new Map<number, BoxKind>();

  /**
   * @param limit    how many boxes are remembered of each kind; the oldest are forgotten, subscriptions past it are not noted
   * @param overflow called for each subscription that was not noted
   */
  constructor(clock: Clock, limit: number, overflow: () => void = () => undefined) {
    this.#clock = clock;
    this.#limit = limit;
    this.#overflow = overflow;
  }

  /** Notes a subscription to everything. */
  subscribedToEverything(): void {
    this.#toEverything += 1;
  }

  unsubscribedFromEverything(): void {
    this.#toEverything = Math.max(0, this.#toEverything - 1);
  }

  subscribed(boxId: number): void {
    const count = this.#subscribed.get(boxId);
    if (count === undefined && this.#subscribed.size >= this.#limit) this.#overflow();
    else {
      this.#subscribed.set(boxId, (count ?? 0) + 1);
      this.#noteKind(boxId, 3);
    }
  }

  unsubscribed(boxId: number): void {
    const count = this.#subscribed.get(boxId) ?? 0;
    if (count > 1) this.#subscribed.set(boxId, count - 1);
    else this.#subscribed.delete(boxId);
  }

  /** Notes an answer of a Box 2. */
  heardBox2(boxId: number): void {
    this.#heard.delete(boxId);
    this.#heard.set(boxId, { atMs: this.#clock.monotonic(), broadcast: this.#broadcasts });
    this.#forgetOldest(this.#heard);
    this.#noteKind(boxId, 2);
  }

  /** Notes an answer of a Box 3. */
  heardBox3(boxId: number): void {
    this.#noteKind(boxId, 3);
  }

  /** Notes that all Box 2s were asked something (PING or READ). */
  broadcast(): void {
    this.#broadcasts += 1;
  }

  /** All connections are gone: the sockets were closed. What boxes are like stays known. */
  disconnected(): void {
    this.#toEverything = 0;
    this.#subscribed.clear();
  }

  isSubscribed(boxId: number): boolean {
    return this.#subscribed.has(boxId);
  }

  /** Connections of Box 2s, also those whose id is not known. */
  get box2Connections(): number {
    return this.#toEverything;
  }

  /** Boxes of both kinds that are there, as far as connections tell. */
  get expected(): number {
    return this.#toEverything + this.#subscribed.size;
  }

  /** Connections of boxes of both kinds. */
  get connections(): number {
    let count = this.#toEverything;
    for (const subscriptions of this.#subscribed.values()) count += subscriptions;
    return count;
  }

  /** The kind of a box; undefined when it is not known, or when there is evidence of both. */
  kindOf(boxId: number): BoxKind | undefined {
    const three = this.#subscribed.has(boxId);
    const two = this.#isBox2Here(boxId);
    if (three && two) return undefined;
    if (three) return 3;
    return two ? 2 : this.#kinds.get(boxId);
  }

  /** Ids of the Box 3s that are subscribed now. */
  box3Here(): number[] {
    return [...this.#subscribed.keys()];
  }

  /** Ids of the Box 2s that are connected as far as their answers tell. */
  box2Here(): number[] {
    return [...this.#heard.keys()].filter((boxId) => this.#isBox2Here(boxId));
  }

  /** Every box known to be there now, each once, in rising order. */
  here(): number[] {
    return [...new Set([...this.box2Here(), ...this.box3Here()])].sort((a, b) => a - b);
  }

  status(): PresenceStatus {
    return {
      box2: this.box2Here().map(String),
      box3: this.box3Here().map(String),
      box2_connections: this.#toEverything,
    };
  }

  #isBox2Here(boxId: number): boolean {
    const heard = this.#heard.get(boxId);
    if (heard === undefined || this.#toEverything === 0) return false;
    const silentMs = this.#clock.monotonic() - heard.atMs;
    return silentMs <= SILENT_MS || this.#broadcasts - heard.broadcast <= SILENT_BROADCASTS;
  }

  #noteKind(boxId: number, kind: BoxKind): void {
    this.#kinds.delete(boxId);
    this.#kinds.set(boxId, kind);
    this.#forgetOldest(this.#kinds);
  }

  #forgetOldest(map: Map<number, unknown>): void {
    if (map.size <= this.#limit) return;
    for (const oldest of map.keys()) {
      map.delete(oldest);
      return;
    }
  }
}

/** A subscription message of XPUB: a byte 1 or 0, then the topic. */
export interface SubscriptionMessage {
  on: boolean;
  /** undefined: to everything (a Box 2); else the id of a Box 3 */
  boxId: number | undefined;
}

/** Takes an XPUB message apart; undefined for what is neither of the two subscriptions that boxes make. */
export function parseSubscription(frames: readonly Uint8Array[]): SubscriptionMessage | undefined {
  const [frame] = frames;
  if (frames.length !== 1 || frame === undefined || frame.length > 11) return undefined;
  const first = frame[0];
  if (first !== 0 && first !== 1) return undefined;
  const topic = Buffer.from(frame.buffer, frame.byteOffset + 1, frame.length - 1).toString('latin1');
  if (topic === '') return { on: first === 1, boxId: undefined };
  const boxId = Number(topic);
  if (!/^[1-9]\d{0,9}$/.test(topic) || boxId > MAX_BOX_ID) return undefined;
  return { on: first === 1, boxId };
}

/** Box ids are int32 on the wire (Command.box_id). */
export const MAX_BOX_ID = 2 ** 31 - 1;

/** Whether a number can be the id of a box. */
export function isBoxId(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= MAX_BOX_ID;
}
