/**
 * The two sockets that boxes connect to: `box_pub`, an XPUB because its subscriptions say which boxes are connected, and `box_pull`. They
 * can be closed and reopened on the same endpoints (a key was revoked: all boxes shake hands again).
 */
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { BIND_TIMEOUT_MS, bindAt, type Place } from '../../zmq/bind.js';
import { Connections } from '../../zmq/connections.js';
import type { IoThreads } from '../../zmq/io-threads.js';
import { receiveLoop } from '../../zmq/receive.js';
import type { SendQueue } from '../../zmq/send-queue.js';
import { bound, type Pull, type XPublisher } from '../../zmq/sockets.js';

export interface BoxSocketsOptions {
  /** `box_pub` and `box_pub_next` */
  publish: Place[];
  /** `box_pull` and `box_pull_next` */
  pull: Place[];
  /** longest frame taken; who sends a longer one is disconnected */
  frameBytes: number;
  /** undefined: each connection goes to any thread */
  ioThreads: IoThreads | undefined;
  clock: Clock;
  log: Logger;
  /** of `box_pub`; what is sent while the sockets are closed goes nowhere, and the request is asked again */
  boxQueue: SendQueue;
  /** a subscription message */
  subscription(frames: Buffer[]): void;
  /** a reply */
  reply(frames: Buffer[]): void;
  /** a promise while no reply can be taken */
  capacity(): Promise<void> | undefined;
  /** all connections are gone */
  disconnected(): void;
}

/**
 * Replies of one box that wait in our ZeroMQ queue; the rest waits in the box. A minute of waveform is one message of 5 MB, so
 * libzmq's default of 1000 could take all memory while the store is slow.
 */
const REPLIES_WAITING = 4;
/** Commands that wait for one box; some boxes hear those of all. libzmq's default, 1000, is one event of a thousand boxes. */
const COMMANDS_WAITING = 20_000;

export class BoxSockets {
  readonly #options: BoxSocketsOptions;
  readonly connections = { box_pub: new Connections(), box_pull: new Connections() };
  #wasOpen = false;
  #publish: XPublisher | undefined;
  #pull: Pull | undefined;
  #loops: Promise<unknown> = Promise.resolve();
  #endWait = (): void => undefined;

  constructor(options: BoxSocketsOptions) {
    const copied = (places: Place[]): Place[] => places.map((place) => ({ ...place }));
    this.#options = { ...options, publish: copied(options.publish), pull: copied(options.pull) };
  }

  /** Where they are open, with the port that `*` became, by the name of the setting. */
  get endpoints(): Record<string, string> {
    const { publish, pull } = this.#options;
    return Object.fromEntries([...publish, ...pull].map(({ endpoint, field }) => [field, endpoint]));
  }

  /** @throws MakaiError ENDPOINT_IN_USE, with nothing left open */
  async open(): Promise<void> {
    const { clock, frameBytes, ioThreads, log, reply, boxQueue, subscription } = this.#options;
    const capacity = (): Promise<void> | undefined => this.#capacityOrClosed();
    const publish = bound.xPublisher({
      maxMessageSize: frameBytes,
      sendHighWaterMark: COMMANDS_WAITING,
      affinity: ioThreads?.others ?? 0,
    });
    const pull = bound.pull({
      maxMessageSize: frameBytes,
      receiveHighWaterMark: REPLIES_WAITING,
      affinity: ioThreads?.replies ?? 0,
    });
    const timeoutMs = this.#wasOpen ? BIND_TIMEOUT_MS.again : BIND_TIMEOUT_MS.first;
    const binding = { timeoutMs, log };
    try {
      this.connections.box_pub.attach(publish);
      this.connections.box_pull.attach(pull);
      for (const place of this.#options.publish) place.endpoint = await bindAt(publish, place, binding);
      for (const place of this.#options.pull) place.endpoint = await bindAt(pull, place, binding);
    } catch (error) {
      publish.close();
      pull.close();
      throw error;
    }
    this.#wasOpen = true;
    this.#publish = publish;
    boxQueue.attach(publish);
    this.#pull = pull;
    this.#loops = Promise.all([
      receiveLoop({ name: 'box_pub', socket: publish, clock, log, handle: subscription }),
      receiveLoop({ name: 'box_pull', socket: pull, clock, log, handle: reply, capacity }),
    ]);
  }

  /** Closes both; replies that were not read yet are lost here, and the boxes are asked again. */
  async close(): Promise<void> {
    this.#options.boxQueue.attach(undefined);
    this.#publish?.close();
    this.#pull?.close();
    this.#endWait();
    this.#publish = undefined;
    this.#pull = undefined;
    await this.#loops;
    this.#options.disconnected();
  }

  /** Capacity for the next reply, or the end of the wait for it: while the store is unavailable there may be none for hours. */
  #capacityOrClosed(): Promise<void> | undefined {
    const later = this.#options.capacity();
    if (later === undefined) return undefined;
    return new Promise((resolve, reject) => {
      this.#endWait = resolve;
      later.then(resolve, reject);
    });
  }

  /** No further replies are read; commands still go out. */
  stopReading(): void {
    this.#pull?.close();
  }
}
