/**
 * Replies that came here and that no request of this broker fits: a box opens its two command sockets apart, and they may end at two brokers. The others are asked
 * whose it is, by its first frame; who wants it gets the rest in pieces, each acknowledged. Held in memory until then, with a limit.
 */
import { type Clock, pause } from '../../common/clock.js';
import {
  bytesInMemory,
  claimed,
  decode,
  encode,
  MAX_FRAMES,
  packedBytes,
  packedPieces,
  pieceReply,
} from './messages.js';

/** How long the owner of a number may take to reply, ms. */
const CLAIM_MS = 2_000;
const PIECE_MS = 5_000;
/** An owner that holds too much is asked again, ms, so often. */
const AGAIN_MS = 500;
const MAX_TRIES = 20;
/** Replies held at one time, whatever their bytes. */
const MAX_HELD = 1_000;

export interface RepliesOutDeps {
  clock: Clock;
  member: string;
  /** bytes of replies held at one time; when they are reached no more are read from the boxes */
  limitBytes: number;
  /** whether there are other brokers */
  hasOthers(): boolean;
  pieceBytes(): number;
  /** A reply that another broker wanted did not get there. @param about who */
  failed(about: string): void;
  ask(
    channel: 'claims' | 'pieces',
    data: Uint8Array,
    timeoutMs: number,
    member?: string,
  ): Promise<Uint8Array | undefined>;
}

export class RepliesOut {
  readonly #deps: RepliesOutDeps;
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #bytes = 0;
  #wake: (() => void)[] = [];
  /** handed to their owner; wanted by nobody; wanted, and not handed over */
  readonly counts = { forwarded: 0, unclaimed: 0, failed: 0 };

  constructor(deps: RepliesOutDeps) {
    this.#deps = deps;
  }

  /** @param drop called when no other broker wants it @returns false: nobody can be asked, or it has more frames than any reply */
  offer(frames: readonly Uint8Array[], drop: () => void): boolean {
    if (!this.#deps.hasOthers() || this.#underWay.size >= MAX_HELD || this.#stopping.signal.aborted)
      return false;
    if (frames.length > MAX_FRAMES) return false;
    const bytes = heldBytes(frames, this.#deps.pieceBytes());
    this.#bytes += bytes;
    const handingOver = this.#handOver(frames, drop).finally(() => {
      this.#underWay.delete(handingOver);
      this.#bytes -= bytes;
      if (this.#isFull) return;
      for (const wake of this.#wake.splice(0)) wake();
    });
    this.#underWay.add(handingOver);
    return true;
  }

  /** Undefined when the next reply may be read; else a promise for that. */
  capacity(): Promise<void> | undefined {
    return this.#isFull ? new Promise((resolve) => this.#wake.push(resolve)) : undefined;
  }

  /** Waits until nothing is held. */
  async drained(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  stop(): void {
    this.#stopping.abort();
  }

  get #isFull(): boolean {
    return this.#bytes > this.#deps.limitBytes;
  }

  /** Never rejects. */
  async #handOver(
    [head = new Uint8Array(), ...frames]: readonly Uint8Array[],
    drop: () => void,
  ): Promise<void> {
    const { ask, clock, failed, member } = this.#deps;
    const question = encode({ from: member, frames: frames.length, bytes: packedBytes(frames) }, head);
    for (let i = 0; i < MAX_TRIES; i += 1) {
      const reply = await ask('claims', question, CLAIM_MS);
      const answer = reply === undefined ? undefined : decode(claimed, reply)?.head;
      switch (answer?.answer) {
        case undefined:
          this.counts.unclaimed += 1;
          return drop();
        case 'taken':
          this.counts.forwarded += 1;
          return;
        case 'send':
          if (await this.#sendPieces(frames, answer.member, answer.grant)) this.counts.forwarded += 1;
          else {
            this.counts.failed += 1;
            failed(`to ${answer.member}`);
          }
          return;
        case 'later':
          await pause(clock, AGAIN_MS, this.#stopping.signal);
          if (this.#stopping.signal.aborted) return;
      }
    }
    this.counts.failed += 1;
    failed('its owner holds too many');
  }

  /** @returns false: the owner is gone, or refuses it; it asks the box again */
  async #sendPieces(frames: readonly Uint8Array[], member: string, grant: string): Promise<boolean> {
    const { ask, pieceBytes } = this.#deps;
    let left = packedBytes(frames);
    let index = 0;
    for (const piece of packedPieces(frames, pieceBytes())) {
      left -= piece.length;
      const data = encode({ grant, index, isLast: left === 0 }, piece);
      const reply = await ask('pieces', data, PIECE_MS, member);
      if (reply === undefined || decode(pieceReply, reply)?.head.isTaken !== true) return false;
      index += 1;
    }
    return true;
  }
}

/** What a reply takes until it is handed over: its frames; the question, with a copy of the first; a piece, and the message that it is in. */
function heldBytes([head = new Uint8Array(), ...frames]: readonly Uint8Array[], pieceBytes: number): number {
  const packed = packedBytes(frames);
  const reply = bytesInMemory(frames.length + 1, packed + packedBytes([head]));
  return reply + head.length + 2 * Math.min(packed, pieceBytes);
}
