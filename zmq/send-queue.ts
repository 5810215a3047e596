/**
 * Sends on one socket, in order. A PUB socket never waits for a peer, but zeromq.js sometimes finishes a send only in a later turn of the
 * event loop and refuses another one until then: what is sent meanwhile waits here.
 */
import { messageOf } from '../common/errors.js';
import type { Rejections } from '../common/rejections.js';

type Frames = readonly (string | Uint8Array)[];

interface Sending {
  readonly closed: boolean;
  send(frames: (string | Uint8Array)[]): Promise<void>;
}

/** Messages that may wait; more come only when the socket is broken. */
const LIMIT = 100_000;
/** A hold is so many pauses, one after the other: where the machine stands still, one of them is long, and peers have the others to connect. */
const HOLD_STEPS = 10;

export class SendQueue {
  readonly #name: string;
  readonly #rejections: Rejections;
  #socket: Sending | undefined;
  #waiting: Frames[] = [];
  #isSending = false;
  #sending: Promise<void> = Promise.resolve();
  /** set: what is sent is held back */
  #hold: NodeJS.Timeout | undefined;

  /** @param name of the socket, for what is counted */
  constructor(name: string, rejections: Rejections) {
    this.#name = name;
    this.#rejections = rejections;
  }

  /**
   * What is sent from now on goes to this socket; undefined: nowhere. What waited for the last one is dropped.
   * @param holdMs it is held back for so long, ms: a PUB socket that was just opened has no subscriber yet
   */
  attach(socket: Sending | undefined, holdMs = 0): void {
    clearTimeout(this.#hold);
    this.#socket = socket;
    this.#waiting = [];
    this.#hold = undefined;
    if (holdMs > 0) this.#wait(holdMs / HOLD_STEPS, HOLD_STEPS);
  }

  #wait(stepMs: number, steps: number): void {
    const next = (): void => {
      if (steps > 1) this.#wait(stepMs, steps - 1);
      else void this.release();
    };
    this.#hold = setTimeout(next, stepMs);
  }

  /** Nothing is held back any more. Fulfilled when what waited is sent. */
  async release(): Promise<void> {
    clearTimeout(this.#hold);
    this.#hold = undefined;
    if (!this.#isSending) this.#sending = this.#sendAll();
    await this.#sending;
  }

  send(frames: Frames): void {
    if (this.#socket === undefined) return;
    if (this.#waiting.length >= LIMIT) {
      this.#rejections.count('send_failed', this.#name, 'too many messages wait');
      return;
    }
    this.#waiting.push(frames);
    if (!this.#isSending && this.#hold === undefined) this.#sending = this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const socket = this.#socket;
      for (const frames of batch) {
        if (socket === undefined || socket.closed) break;
        try {
          await socket.send([...frames]);
        } catch (error) {
          if (!socket.closed) this.#rejections.count('send_failed', this.#name, messageOf(error));
        }
      }
    }
    this.#isSending = false;
  }
}
