/** The socket that receives the measurement stream. */
import { pause, systemClock } from '../common/clock.js';
import { codeOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { ThrottledLog } from '../common/throttled-log.js';
import { yieldToEventLoop } from '../common/yield.js';
import { connectTo } from '../zmq/connect.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { connecting, type Subscriber } from '../zmq/sockets.js';

export type { CurveClientOptions };

/** Messages that wait in libzmq while this thread is busy: one second at 100,000 per second. */
const HIGH_WATER_MARK = 100_000;
const AFTER_ERROR_MS = 100;
/**
 * The connection carries the messages of all boxes, so one long message must not break it: the validator drops messages that are too long,
 * and libzmq only disconnects for one that would fill the memory.
 */
const MAX_MESSAGE_BYTES = 16 * 2 ** 20;

export interface MessageReceiver {
  receive(frames: Buffer[]): void;
}

export interface StreamOptions {
  /** of each broker */
  endpoints: readonly string[];
  curve?: CurveClientOptions | undefined;
  log: Logger;
  /** gets every message */
  receiver: MessageReceiver;
  /** how long a message may wait for others, ms: receiving many together costs less. 0 where left out */
  gatherMs?: number;
  /** subscribes to everything where left out */
  subscribe?: (socket: Subscriber) => void;
}

/** Connects and subscribes; reconnects by itself whenever the broker is unavailable. */
export function openStream(options: StreamOptions): Running {
  const { endpoints, curve, log, subscribe = subscribeToAll } = options;
  const socket = connecting.subscriber({
    receiveHighWaterMark: HIGH_WATER_MARK,
    maxMessageSize: MAX_MESSAGE_BYTES,
    ...curve,
  });
  // First: whoever looks at the connections sees each from its beginning.
  subscribe(socket);
  for (const endpoint of endpoints) connectTo(socket, endpoint);
  const reader = new BurstReader(socket, options.receiver, options.gatherMs);
  const throttled = new ThrottledLog(log);
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await reader.next();
      } catch (error) {
        if (stopping.signal.aborted || socket.closed) return;
        // EAGAIN ends a pending receive when the socket closes. Any other error is unexpected.
        throttled.error({ err: error }, 'receiving measurements failed');
        await pause(systemClock, AFTER_ERROR_MS, stopping.signal);
      }
    }
  };
  const done = loop();
  return {
    stop: async () => {
      stopping.abort();
      socket.close();
      await done;
    },
  };
}

/** This many messages in one turn of the event loop are a burst. */
const BURST = 32;
/** Messages of a burst after which the event loop gets its turn. */
const BURST_TURN = 1024;
const NO_TIMEOUT = -1;

/**
 * Receives the messages of a socket. Before each message zeromq.js asks libzmq whether there is one, which is a system call. A socket whose
 * receive timeout is 0 is read without asking, until a receive fails because there is no message. Such a failure is expensive, so the
 * socket is read in this way only during bursts: there a message costs a fifth less. Where messages may wait, they are bursts.
 */
export class BurstReader {
  readonly #socket: Subscriber;
  readonly #receiver: MessageReceiver;
  readonly #gatherMs: number;
  #inTurn = 0;
  /** the last burst was not over */
  #flooded = false;

  /** @param gatherMs how long a message may wait for others */
  constructor(socket: Subscriber, receiver: MessageReceiver, gatherMs = 0) {
    this.#socket = socket;
    this.#receiver = receiver;
    this.#gatherMs = gatherMs;
  }

  /** Waits for a message and handles it, and more of a burst. @throws what `receive` of the socket throws, for example when it is closed */
  async next(): Promise<void> {
    this.#receiver.receive(await this.#socket.receive());
    if (this.#gatherMs > 0) {
      await this.#gathered();
      return;
    }
    if (this.#inTurn === 0) setImmediate(this.#turnOver);
    this.#inTurn += 1;
    if (this.#inTurn < BURST && !this.#flooded) return;
    this.#flooded = (await this.#burst()) === BURST_TURN;
    if (this.#flooded) await yieldToEventLoop();
  }

  readonly #turnOver = (): void => {
    this.#inTurn = 0;
  };

  /** As long as messages come: what came meanwhile, every few ms. */
  async #gathered(): Promise<void> {
    for (let received = 1; received > 0; ) {
      if (received === BURST_TURN) await yieldToEventLoop();
      else await pause(systemClock, this.#gatherMs);
      received = await this.#burst();
    }
  }

  /** @returns messages; `BURST_TURN`: there may be more */
  async #burst(): Promise<number> {
    const socket = this.#socket;
    let received = 0;
    socket.receiveTimeout = 0;
    try {
      // Either a message is there or `receive` fails: nothing else runs in between, except what a message leads to.
      for (; received < BURST_TURN; received += 1) this.#receiver.receive(await socket.receive());
      return received;
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
      return received;
    } finally {
      if (!socket.closed) socket.receiveTimeout = NO_TIMEOUT;
    }
  }
}

function subscribeToAll(socket: Subscriber): void {
  socket.subscribe();
}
