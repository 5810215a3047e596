/** The socket on which the triggering stream comes in. */
import { codeOf, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { connecting, newContext, type Subscriber } from '../zmq/sockets.js';
import { Receiver } from './receiver.js';

export type { CurveClientOptions };

/** Messages that wait in libzmq while this thread is busy; at 100,000 a second, one second of them. */
const HIGH_WATER_MARK = 100_000;
const AFTER_ERROR_MS = 100;
/**
 * The connection carries the messages of all boxes, so a long one must not break it: the judge drops what is too long, and libzmq
 * only what would fill the memory.
 */
const MAX_MESSAGE_BYTES = 16 * 2 ** 20;

export interface StreamOptions {
  endpoint: string;
  curve?: CurveClientOptions | undefined;
  log: Logger;
  onMessage: (parts: Buffer[]) => void;
  /** true: with an I/O thread of its own, for a thread that has a share of the stream */
  ownContext?: boolean;
  /** left out: to everything */
  subscribe?: (socket: Subscriber) => void;
}

/** Connects and subscribes; goes on connecting by itself whenever the broker is away. */
export function openStream(options: StreamOptions): Running {
  const { endpoint, curve, log, onMessage, ownContext = false, subscribe = subscribeToAll } = options;
  const socket = connecting.subscriber({
    ...(ownContext ? { context: newContext({ blocky: false }) } : {}),
    receiveHighWaterMark: HIGH_WATER_MARK,
    maxMessageSize: MAX_MESSAGE_BYTES,
    ...curve,
  });
  socket.connect(endpoint);
  subscribe(socket);
  const receiver = new Receiver(socket, onMessage);
  let stopping = false;
  const loop = async (): Promise<void> => {
    while (!stopping) {
      try {
        await receiver.next();
      } catch (error) {
        if (stopping || socket.closed) return;
        // EAGAIN is how a pending receive ends when the socket closes; anything else is new to us.
        log.error({ code: codeOf(error), detail: messageOf(error) }, 'receiving measurements failed');
        await new Promise((resolve) => setTimeout(resolve, AFTER_ERROR_MS));
      }
    }
  };
  const done = loop();
  return {
    stop: async () => {
      stopping = true;
      socket.close();
      await done;
    },
  };
}

function subscribeToAll(socket: Subscriber): void {
  socket.subscribe();
}
