/**
 * The three sockets of a box: CURVE clients with libzmq's own defaults, as existing boxes have them, so that what they do
 * while a broker is unavailable is libzmq's doing: the oldest 1000 messages wait, later ones are dropped (PUB) or held up (PUSH).
 */
import type { KeyPair } from '../keys/key.js';
import type { CurveClientOptions } from '../zmq/curve.js';
import { boxLike, type Context, type Push, type Subscriber, type XPublisher } from '../zmq/sockets.js';
import { firstSubscription } from './audience.js';
import type { BoxEndpoints } from './endpoints.js';

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

/** How long a socket that was replaced may still deliver. */
const RENEWED_LINGER_MS = 5000;

export class BoxSockets {
  /** a PUB in all that a peer can see (audience.ts) */
  readonly measurements: XPublisher;
  /** Resolves when somebody listens to the measurements. */
  readonly listened: Promise<void>;
  readonly #options: SocketOptions;
  #commands: Subscriber;
  #replies: Push;

  /** @throws zeromq's error for an endpoint or a key that cannot be; then nothing stays open */
  constructor(options: SocketOptions) {
    this.#options = options;
    // what does not fit the queue is dropped by libzmq; a send never waits
    this.measurements = boxLike.xPublisher({ ...this.#common(), sendTimeout: 0 });
    this.#commands = boxLike.subscriber(this.#common());
    this.#replies = boxLike.push(this.#common());
    try {
      this.measurements.connect(options.endpoints.measurements);
      this.#connectCommands();
      this.#replies.connect(options.endpoints.replies);
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

  /** Drops the socket for commands and reopens it; what is sent meanwhile is lost. Queued replies still go out. */
  renew(alsoReplies: boolean): void {
    this.#commands.close();
    this.#commands = boxLike.subscriber(this.#common());
    this.#connectCommands();
    if (!alsoReplies) return;
    // a box lets it linger for ever, which would keep this process from ending
    this.#replies.linger = RENEWED_LINGER_MS;
    this.#replies.close();
    this.#replies = boxLike.push(this.#common());
    this.#replies.connect(this.#options.endpoints.replies);
  }

  /** @param lingerMs how long queued messages may still go out; 0: as when the plug is pulled */
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
    this.#commands.connect(this.#options.endpoints.commands);
    this.#commands.subscribe(this.#options.subscription);
  }
}
