/** Topics that were heard, and whose they are. Bounded; of what finds no room only the messages that come are looked at. */
import { numberIn } from '../ingest/judge.js';
import type { Owner } from './ownership.js';

const ZERO = 0x30;
/** Greatest box id: an int32 on the wire. */
const MAX_ID = 2 ** 31 - 1;
/** A Box 3 pads its id with zeros to so many digits. */
export const PADDED = 4;
/** Padded ids have keys of their own. */
const PADDED_KEY = 2 ** 32;

export interface KnownTopic {
  topic: string;
  own: boolean;
}

export class Topics {
  readonly #owner: Owner;
  readonly #limit: number;
  readonly #certified: (boxId: number) => boolean;
  readonly #keys = new Set<number>();
  #known: KnownTopic[] = [];

  /** @param certified whether an id may send: one that may not is not remembered, so that made-up ids push out no real ones */
  constructor(owner: Owner, limit: number, certified: (boxId: number) => boolean = () => true) {
    this.#owner = owner;
    this.#limit = limit;
    this.#certified = certified;
  }

  get size(): number {
    return this.#known.length;
  }

  /** True when further topics are not remembered. */
  get full(): boolean {
    return this.#known.length >= this.#limit;
  }

  get known(): readonly KnownTopic[] {
    return this.#known;
  }

  /** Whether a message with this topic is ours. A topic that boxes send, and that was not heard before, is remembered. */
  hear(topic: Uint8Array | undefined): boolean {
    const id = topic === undefined ? -1 : numberIn(topic);
    const own = this.#owner.owns(id > MAX_ID ? -1 : id);
    if (topic === undefined || id <= 0 || id > MAX_ID) return own;
    const padded = topic[0] === ZERO;
    const key = padded ? PADDED_KEY + id : id;
    if (this.#keys.has(key)) return own;
    if ((padded && topic.length !== PADDED) || this.full || !this.#certified(id)) return own;
    this.#keys.add(key);
    this.#known.push({ topic: padded ? String(id).padStart(PADDED, '0') : String(id), own });
    return own;
  }

  /** What is gone is not kept for good: whoever calls this hears everything anew first. */
  forget(): void {
    this.#keys.clear();
    this.#known = [];
  }
}
