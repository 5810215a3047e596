/**
 * The three sockets of a box: CURVE clients with libzmq's own defaults, as the field's boxes have them, so that what they do
 * while a broker is away is libzmq's doing: the oldest 1000 messages wait, later ones are dropped (PUB) or held up (PUSH).
 */
import { type Context, Push, Subscriber, XPublisher } from 'zeromq';
import type { KeyPair } from '../keys/key.js';
import { firstSubscription } from './audience.js';
import type { BoxEndpoints } from './endpoints.js';

export interface CurveClient {
  /** Z85 */
  curvePublicKey: string;
  curveSecretKey: string;
  /** the server's public key, Z85 */
  curveServerKey: string;
}

export interface SocketOptions {
  endpoints: BoxEndpoints;
  curve: CurveClient;
  subscription: string;
  context?: Context;
}

export function curveClient(serverPublicKey: string, keys: KeyPair): CurveClient {
  return {
    curvePublicKey: keys.publicKey,
    curveSecretKey: keys.secretKey.reveal(),
    curveServerKey: serverPublicKey,
  };
}

export class BoxSockets {
  /** a PUB in all that a peer can see (audience.ts) */
  readonly measurements: XPublisher;
  /** Resolves when somebody listens to the measurements. */
  readonly listened: Promise<void>;
  readonly #options: SocketOptions;
  #commands: Subscriber;
  #replies: Push;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.measurements = new XPublisher({
      ...this.#common(),
      // what does not fit the queue is dropped by libzmq; a send never waits
      sendTimeout: 0,
    });
    this.measurements.connect(options.endpoints.measurements);
    this.listened = firstSubscription(this.measurements);
    this.#commands = this.#openCommands();
    this.#replies = this.#openReplies();
  }

  get commands(): Subscriber {
    return this.#commands;
  }

  get replies(): Push {
    return this.#replies;
  }

  /** Drops the socket for commands and opens it anew; what is sent meanwhile is lost. Queued replies still go out. */
  renew(alsoReplies: boolean): void {
    this.#commands.close();
    this.#commands = this.#openCommands();
    if (!alsoReplies) return;
    this.#replies.close();
    this.#replies = this.#openReplies();
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

  #openCommands(): Subscriber {
    const socket = new Subscriber(this.#common());
    socket.connect(this.#options.endpoints.commands);
    socket.subscribe(this.#options.subscription);
    return socket;
  }

  #openReplies(): Push {
    const socket = new Push(this.#common());
    socket.connect(this.#options.endpoints.replies);
    return socket;
  }
}
