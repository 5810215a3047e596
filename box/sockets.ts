/**
 * The three sockets of a box: CURVE clients with libzmq's defaults, like existing boxes. So libzmq decides what happens
 * while a broker is unavailable: the oldest 1000 messages wait, later ones are dropped (PUB) or delayed (PUSH).
 */
import type { KeyPair } from '../keys/key.js';
import { connectTo } from '../zmq/connect.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { boxLike, type Context, type Push, type Subscriber, type XPublisher } from '../zmq/sockets.js';
import type { BoxEndpoints } from './endpoints.js';
import { firstSubscription } from './subscribers.js';

export interface SocketOptions {
  endpoints: BoxEndpoints;
  curve: CurveClientOptions;
  subscription: string;
  context?: Context;
}

export function curveClient(serverPublicKey: string, keys: KeyPair): CurveClientOptions {
  return {
    curvePublicKey: keys.publicKey,
    curveSecretKey: keys.secretKey.reveal(),
    curveServerKey: serverPublicKey,
  };
}

/** How long a replaced socket may still deliver, ms. */
const RENEWED_LINGER_MS = 5000;

export class BoxSockets {
  /** looks like a PUB to its peer (subscribers.ts) */
  readonly measurements: XPublisher;
  /** Resolves when somebody subscribes to the measurements. */
  readonly listened: Promise<void>;
  readonly #options: SocketOptions;
  #commands: Subscriber;
  #replies: Push;

  /** @throws zeromq's error for an invalid endpoint or key; then nothing stays open */
  constructor(options: SocketOptions) {
    this.#options = options;
    // libzmq drops what does not fit the queue; a send never waits
    this.measurements = boxLike.xPublisher({ ...this.#common(), sendTimeout: 0 });
    this.#commands = boxLike.subscriber(this.#common());
    this.#replies = boxLike.push(this.#common());
    try {
      connectTo(this.measurements, options.endpoints.measurements);
      this.#connectCommands();
      connectTo(this.#replies, options.endpoints.replies);
    } catch (error) {
      this.close(0);
      throw error;
    }
    this.listened = firstSubscription(this.measurements);
  }

  get commands(): Subscriber {
    return this.#commands;
  }

  get replies(): Push {
    return this.#replies;
  }

  /** Reopens the socket for commands. Commands sent in between are lost. Queued replies are still sent. */
  reopen(withReplies: boolean): void {
    this.#commands.close();
    this.#commands = boxLike.subscriber(this.#common());
    this.#connectCommands();
    if (!withReplies) return;
    // an existing box lets it linger for ever, which would prevent this process from exiting
    this.#replies.linger = RENEWED_LINGER_MS;
    this.#replies.close();
    this.#replies = boxLike.push(this.#common());
    connectTo(this.#replies, this.#options.endpoints.replies);
  }

  /** @param lingerMs how long queued messages may still be sent; 0: not at all, as when the plug is pulled */
  close(lingerMs: number): void {
    for (const socket of [this.measurements, this.#commands, this.#replies]) {
      if (socket.closed) continue;
      socket.linger = lingerMs;
      socket.close();
    }
  }

  #common() {
    const { context, curve } = this.#options;
    return { ...curve, ...(context !== undefined && { context }) };
  }

  #connectCommands(): void {
    connectTo(this.#commands, this.#options.endpoints.commands);
    this.#commands.subscribe(this.#options.subscription);
  }
}
