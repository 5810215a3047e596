/**
 * The two sockets that boxes connect to: `box_pub`, an XPUB because subscriptions tell which boxes are there, and `box_pull`. They
 * can be closed and opened anew on the same endpoints (a key was revoked: all boxes shake hands again).
 */
import { Pull, XPublisher } from 'zeromq';
import { bindWhenFree } from '../common/bind.js';
import type { Logger } from '../common/log.js';
import type { Clock } from './clock.js';
import { receiveLoop } from './receive-loop.js';

/** Options of a CURVE server socket. */
export interface CurveServerOptions {
  curveServer: true;
  curvePublicKey: string;
  curveSecretKey: string;
  zapDomain: string;
  zapEnforceDomain: true;
}

export interface BoxSocketsOptions {
  /** `box_pub` and `box_pull` */
  publishEndpoint: string;
  pullEndpoint: string;
  curve: CurveServerOptions;
  /** longest frame taken; who sends a longer one is disconnected */
  frameBytes: number;
  clock: Clock;
  log: Logger;
  /** a subscription message */
  subscription(frames: Buffer[]): void;
  /** an answer */
  reply(frames: Buffer[]): void;
  /** a promise while no answer can be taken */
  room(): Promise<void> | undefined;
  /** all connections are gone */
  disconnected(): void;
}

/**
 * Answers of one box that wait in our ZeroMQ queue; the rest waits with the box. A minute of waveform is one message of 5 MB, so
 * libzmq's default of 1000 could take all memory while the store is slow.
 */
const ANSWERS_WAITING = 4;
/** A dead connection is found by TCP: ZeroMQ's own heartbeats are not known to every box. */
const KEEPALIVE = { tcpKeepalive: 1, tcpKeepaliveIdle: 30, tcpKeepaliveInterval: 10, tcpKeepaliveCount: 3 };

export class BoxSockets {
  readonly #options: BoxSocketsOptions;
  #publish: XPublisher | undefined;
  #pull: Pull | undefined;
  #loops: Promise<unknown> = Promise.resolve();
  #publishEndpoint: string;
  #pullEndpoint: string;

  constructor(options: BoxSocketsOptions) {
    this.#options = options;
    this.#publishEndpoint = options.publishEndpoint;
    this.#pullEndpoint = options.pullEndpoint;
  }

  /** Where they are open, with the port that `*` became. */
  get endpoints(): { box_pub: string; box_pull: string } {
    return { box_pub: this.#publishEndpoint, box_pull: this.#pullEndpoint };
  }

  /** @throws the error of `bind`, with nothing left open */
  async open(): Promise<void> {
    const { clock, curve, frameBytes, log, reply, room, subscription } = this.#options;
    const publish = new XPublisher({ linger: 0, ...curve, ...KEEPALIVE, maxMessageSize: frameBytes });
    const pull = new Pull({
      linger: 0,
      ...curve,
      ...KEEPALIVE,
      maxMessageSize: frameBytes,
      receiveHighWaterMark: ANSWERS_WAITING,
    });
    try {
      publish.verbosity = 'allSubsUnsubs';
      await bindWhenFree(publish, this.#publishEndpoint);
      await bindWhenFree(pull, this.#pullEndpoint);
    } catch (error) {
      publish.close();
      pull.close();
      throw error;
    }
    this.#publishEndpoint = publish.lastEndpoint ?? this.#publishEndpoint;
    this.#pullEndpoint = pull.lastEndpoint ?? this.#pullEndpoint;
    this.#publish = publish;
    this.#pull = pull;
    this.#loops = Promise.all([
      receiveLoop({ name: 'box_pub', socket: publish, clock, log, handle: subscription }),
      receiveLoop({ name: 'box_pull', socket: pull, clock, log, handle: reply, room }),
    ]);
  }

  /** Closes both; answers that were not read yet are lost here, and the boxes are asked again. */
  async close(): Promise<void> {
    this.#publish?.close();
    this.#pull?.close();
    this.#publish = undefined;
    this.#pull = undefined;
    await this.#loops;
    this.#options.disconnected();
  }

  /** Publishes to the boxes; while the sockets are closed it goes nowhere, and the request is asked again. */
  async publish(frames: [string, Uint8Array]): Promise<void> {
    await this.#publish?.send(frames);
  }

  /** No further answers are read; what goes out still does. */
  stopReading(): void {
    this.#pull?.close();
  }
}
