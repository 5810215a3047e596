/** Replies to requests of this broker that came at another one: what is wanted is granted, and taken in pieces. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../common/clock.js';
import { MIN_PIECE_BYTES } from '../../nats/broker-bus.js';
import type { Verdict } from '../reply-handler.js';
import { bytesInMemory, claim, decode, encode, piece, unpackFrames } from './messages.js';

/** A grant of which nothing came for so long is forgotten, ms. */
const IDLE_MS = 30_000;
const MAX_GRANTS = 1_000;

interface Grant {
  head: Uint8Array;
  frames: number;
  /** of the frames, packed */
  bytes: number;
  /** what it takes in memory when all of it is here */
  weight: number;
  /** made with the first piece: the pieces are in it, and there is no second copy */
  packed: Buffer | undefined;
  pieces: number;
  /** bytes of the pieces */
  have: number;
  heardAt: number;
}

export interface RepliesInDeps {
  clock: Clock;
  member: string;
  /** bytes of replies held at one time, together with `heldBytes`; one is always granted */
  limitBytes: number;
  /** of the longest reply that may be asked for: one that is longer than this and `limitBytes` is none */
  longestBytes: number;
  /** of replies that wait for the store */
  heldBytes(): number;
  judge(head: Uint8Array, frames: number): Verdict;
  handle(frames: readonly Uint8Array[]): void;
}

export class RepliesIn {
  readonly #deps: RepliesInDeps;
  readonly #grants = new Map<string, Grant>();
  #granted = 0;
  received = 0;

  constructor(deps: RepliesInDeps) {
    this.#deps = deps;
  }

  /** A question of another broker. @returns what to reply: nothing where the reply is not to a request of ours; 'malformed' */
  claim(data: Uint8Array): Uint8Array | undefined | 'malformed' {
    const message = decode(claim, data);
    const { heldBytes, judge, limitBytes, longestBytes, member } = this.#deps;
    if (message === undefined || message.head.bytes > Math.max(limitBytes, longestBytes)) return 'malformed';
    const { bytes, frames, from } = message.head;
    if (from === member) return undefined;
    const verdict = judge(message.body, frames);
    if (verdict === 'not_ours') return undefined;
    if (verdict === 'done') {
      this.received += 1;
      return encode({ answer: 'taken' });
    }
    this.#forget();
    const held = this.#granted + heldBytes();
    const weight = message.body.length + bytesInMemory(frames, bytes);
    if (this.#grants.size >= MAX_GRANTS || (held > 0 && held + weight > limitBytes))
      return encode({ answer: 'later' });
    const grant = randomUUID();
    const heardAt = this.#deps.clock.monotonic();
    const head = Buffer.from(message.body);
    this.#grants.set(grant, { head, frames, bytes, weight, packed: undefined, pieces: 0, have: 0, heardAt });
    this.#granted += weight;
    return encode({ answer: 'send', member, grant });
  }

  /** A piece of a reply. @returns what to reply; 'malformed' */
  piece(data: Uint8Array): Uint8Array | 'malformed' {
    const message = decode(piece, data);
    if (message === undefined) return 'malformed';
    const { grant: name, index, isLast } = message.head;
    const grant = this.#grants.get(name);
    // Granted too long ago.
    if (grant === undefined) return encode({ isTaken: false });
    const at = grant.have;
    grant.have += message.body.length;
    const isShort = message.body.length < (isLast ? 1 : MIN_PIECE_BYTES);
    const isWrong = isShort || index !== grant.pieces || grant.have > grant.bytes;
    if (isWrong || isLast) this.#end(name, grant);
    if (isWrong) return 'malformed';
    grant.heardAt = this.#deps.clock.monotonic();
    grant.pieces += 1;
    grant.packed ??= Buffer.allocUnsafe(grant.bytes);
    grant.packed.set(message.body, at);
    if (!isLast) return encode({ isTaken: true });
    const frames = unpackFrames(grant.packed.subarray(0, grant.have), grant.frames);
    if (frames === undefined) return 'malformed';
    this.received += 1;
    this.#deps.handle([grant.head, ...frames]);
    return encode({ isTaken: true });
  }

  #end(name: string, { weight }: Grant): void {
    this.#grants.delete(name);
    this.#granted -= weight;
  }

  #forget(): void {
    const now = this.#deps.clock.monotonic();
    for (const [name, grant] of this.#grants) if (now - grant.heardAt > IDLE_MS) this.#end(name, grant);
  }
}
