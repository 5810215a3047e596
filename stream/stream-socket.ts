/** The socket on which the triggering stream comes in. */
import { Context, Subscriber } from 'zeromq';
import { codeOf, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { Receiver } from './receiver.js';

/** Messages that wait in libzmq while this thread is busy; at 100,000 a second, one second of them. */
const HIGH_WATER_MARK = 100_000;
/** A half-open connection is found out by heartbeats, and opened anew. */
const HEARTBEAT_MS = 5000;
const HEARTBEAT_TIMEOUT_MS = 15_000;
const RECONNECT_MS = 100;
const RECONNECT_MAX_MS = 5000;
/**
 * The connection carries the messages of all boxes, so a long one must not break it: the judge drops what is too long, and libzmq
 * only what would fill the memory.
 */
const MAX_MESSAGE_BYTES = 16 * 2 ** 20;

/** Keys of a client: the server's public key and our own pair, Z85. */
export interface CurveClientOptions {
  curveServerKey: string;
  curvePublicKey: string;
  curveSecretKey: string;
}

/** Options of sockets that connect to the brokers. */
export const CONNECT_OPTIONS = {
  heartbeatInterval: HEARTBEAT_MS,
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  reconnectInterval: RECONNECT_MS,
  reconnectMaxInterval: RECONNECT_MAX_MS,
  linger: 0,
} as const;

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
  const socket = new StreamSocket({
    ...(ownContext ? { context: new Context({ blocky: false }) } : {}),
    receiveHighWaterMark: HIGH_WATER_MARK,
    maxMessageSize: MAX_MESSAGE_BYTES,
    ...CONNECT_OPTIONS,
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
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
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

/** libzmq's ZMQ_SNDHWM, which zeromq.js has no name for on a subscriber. */
const SEND_HIGH_WATER_MARK = 23;

/** libzmq drops subscriptions beyond the mark, 1000, without a word: also when it connects anew and sends them all again. */
class StreamSocket extends Subscriber {
  constructor(options: ConstructorParameters<typeof Subscriber>[0]) {
    super(options);
    this.setInt32Option(SEND_HIGH_WATER_MARK, 0);
  }
}

function subscribeToAll(socket: Subscriber): void {
  socket.subscribe();
}
