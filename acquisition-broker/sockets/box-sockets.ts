/**
 * The two sockets that boxes connect to: `box_pub`, an XPUB because subscriptions tell which boxes are there, and `box_pull`. They
 * can be closed and opened anew on the same endpoints (a key was revoked: all boxes shake hands again).
 */
import { Pull, XPublisher } from 'zeromq';
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { Rejections } from '../../common/rejections.js';
import { bindAt, PATIENCE_MS, type Place, TCP_OPTIONS } from '../../zmq/bind.js';
import { Connections } from '../../zmq/connections.js';
import type { IoThreads } from '../../zmq/io-threads.js';
import { receiveLoop } from '../../zmq/receive-loop.js';
import { Outbox } from '../../zmq/send-queue.js';

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
  rejections: Rejections;
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
/** Commands that wait for one box; a Box 2 hears those of all. A thousand, libzmq's default, are one event of a thousand boxes. */
const COMMANDS_WAITING = 20_000;

export class BoxSockets {
  readonly #options: BoxSocketsOptions;
  readonly connections = { box_pub: new Connections(), box_pull: new Connections() };
  readonly #outbox: Outbox;
  #wasOpen = false;
  #publish: XPublisher | undefined;
  #pull: Pull | undefined;
  #loops: Promise<unknown> = Promise.resolve();
  #endWait = (): void => undefined;

  constructor(options: BoxSocketsOptions) {
    const copied = (places: Place[]): Place[] => places.map((place) => ({ ...place }));
    this.#options = { ...options, publish: copied(options.publish), pull: copied(options.pull) };
    this.#outbox = new Outbox('box_pub', options.rejections);
  }

  /** Where they are open, with the port that `*` became, by the name of the field. */
  get endpoints(): Record<string, string> {
    const { publish, pull } = this.#options;
    return Object.fromEntries([...publish, ...pull].map(({ endpoint, field }) => [field, endpoint]));
  }

  /** @throws MakaiError ENDPOINT_IN_USE, with nothing left open */
  async open(): Promise<void> {
    const { clock, frameBytes, ioThreads, log, reply, subscription } = this.#options;
    const room = (): Promise<void> | undefined => this.#roomOrClosed();
    const common = { linger: 0, maxMessageSize: frameBytes, ...TCP_OPTIONS };
    const publish = new XPublisher({
      ...common,
      sendHighWaterMark: COMMANDS_WAITING,
      affinity: ioThreads?.others ?? 0,
    });
    const pull = new Pull({
      ...common,
      receiveHighWaterMark: ANSWERS_WAITING,
      affinity: ioThreads?.answers ?? 0,
    });
    const patienceMs = this.#wasOpen ? PATIENCE_MS.again : PATIENCE_MS.first;
    try {
      publish.verbosity = 'allSubsUnsubs';
      this.connections.box_pub.attach(publish);
      this.connections.box_pull.attach(pull);
      for (const place of this.#options.publish) place.endpoint = await bindAt(publish, place, patienceMs);
      for (const place of this.#options.pull) place.endpoint = await bindAt(pull, place, patienceMs);
    } catch (error) {
      publish.close();
      pull.close();
      throw error;
    }
    this.#wasOpen = true;
    this.#publish = publish;
    this.#outbox.attach(publish);
    this.#pull = pull;
    this.#loops = Promise.all([
      receiveLoop({ name: 'box_pub', socket: publish, clock, log, handle: subscription }),
      receiveLoop({ name: 'box_pull', socket: pull, clock, log, handle: reply, room }),
    ]);
  }

  /** Closes both; answers that were not read yet are lost here, and the boxes are asked again. */
  async close(): Promise<void> {
    this.#outbox.attach(undefined);
    this.#publish?.close();
    this.#pull?.close();
    this.#endWait();
    this.#publish = undefined;
    this.#pull = undefined;
    await this.#loops;
    this.#options.disconnected();
  }

  /** Publishes to the boxes; while the sockets are closed it goes nowhere, and the request is asked again. */
  publish(frames: readonly [string, Uint8Array]): void {
    this.#outbox.send(frames);
  }

  /** Room for the next answer, or the end of the wait for it: while the store is away there may be none for hours. */
  #roomOrClosed(): Promise<void> | undefined {
    const later = this.#options.room();
    if (later === undefined) return undefined;
    return new Promise((resolve, reject) => {
      this.#endWait = resolve;
      later.then(resolve, reject);
    });
  }

  /** No further answers are read; what goes out still does. */
  stopReading(): void {
    this.#pull?.close();
  }
}
