/**
 * Receives the messages of a socket. Before each one zeromq.js asks libzmq whether there is one, which is a system call; a socket whose
 * receive timeout is 0 is read without asking, until a receive fails because there is none. A failure is dear, so it is
 * read in this way only while messages come in numbers: then one costs a fifth less.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Subscriber } from 'zeromq';
import { codeOf } from '../common/errors.js';

/** So many messages in one turn of the event loop are a burst. */
const BURST = 32;
/** Messages of a burst after which others get their turn. */
const BURST_TURN = 1024;
const FOR_EVER = -1;

export class Receiver {
  readonly #socket: Subscriber;
  readonly #onMessage: (parts: Buffer[]) => void;
  #inTurn = 0;
  /** the last burst did not come to its end */
  #flooded = false;

  constructor(socket: Subscriber, onMessage: (parts: Buffer[]) => void) {
    this.#socket = socket;
    this.#onMessage = onMessage;
  }

  /** Waits for a message and takes it, and of a burst more. @throws what `receive` of the socket throws, when it is closed for one */
  async next(): Promise<void> {
    this.#onMessage(await this.#socket.receive());
    if (this.#inTurn === 0) setImmediate(this.#turnOver);
    this.#inTurn += 1;
    if (this.#inTurn < BURST && !this.#flooded) return;
    this.#flooded = await this.#burst();
    if (this.#flooded) await turn();
  }

  readonly #turnOver = (): void => {
    this.#inTurn = 0;
  };

  /** @returns true when there may be more */
  async #burst(): Promise<boolean> {
    const socket = this.#socket;
    socket.receiveTimeout = 0;
    try {
      // Received at once, or not at all: nothing but what a message leads to runs in between.
      for (let left = BURST_TURN; left > 0; left -= 1) this.#onMessage(await socket.receive());
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
      return false;
    } finally {
      if (!socket.closed) socket.receiveTimeout = FOR_EVER;
    }
  }
}
