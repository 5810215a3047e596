/** Topics that were received, and to which worker their boxes belong. Bounded: of further topics only the messages themselves are checked. */
import { numberIn } from '../ingest/measurement-validator.js';
import type { Owner } from './ownership.js';

const ZERO = 0x30;
/** Largest box id: an int32 on the wire. */
const MAX_ID = 2 ** 31 - 1;
/** A Box 3 pads its id with zeros to this number of digits. */
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
  readonly #maySend: (boxId: number) => boolean;
  readonly #keys = new Set<number>();
  #known: KnownTopic[] = [];

  /** @param maySend whether an id may send: one that may not is not remembered, so that invented ids do not displace real ones */
  constructor(owner: Owner, limit: number, maySend: (boxId: number) => boolean = () => true) {
    this.#owner = owner;
    this.#limit = limit;
    this.#maySend = maySend;
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

  /** Whether a message with this topic is ours. A topic that boxes send is remembered. */
  hear(topic: Uint8Array | undefined): boolean {
    const id = topic === undefined ? -1 : numberIn(topic);
    const own = this.#owner.owns(id > MAX_ID ? -1 : id);
    if (topic === undefined || id < 0 || id > MAX_ID) return own;
    const padded = topic.length > 1 && topic[0] === ZERO;
    const key = padded ? PADDED_KEY + id : id;
    if (this.#keys.has(key)) return own;
    if ((padded && topic.length !== PADDED) || this.full || !this.#maySend(id)) return own;
    this.#keys.add(key);
    this.#known.push({ topic: padded ? String(id).padStart(PADDED, '0') : String(id), own });
    return own;
  }

  /** Forgets all topics, so that those of boxes that are gone do not stay. The caller subscribes to everything first. */
  forget(): void {
    this.#keys.clear();
    this.#known = [];
  }
}
