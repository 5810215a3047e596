/** Follows events: a notice of the acquisition broker makes it look into the store, until every box that was asked has replied or a minute is over. */
import { type Clock, pause } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { StoreLink } from '../../daemon/store-link.js';
import { silentBoxes } from '../../store/boxes.js';
import type { EventDocument } from '../../store/store.js';
import { connectTo } from '../../zmq/connect.js';
import type { CurveClientOptions } from '../../zmq/curve.js';
import { receiveLoop } from '../../zmq/receive.js';
import { connecting } from '../../zmq/sockets.js';

const TOPIC = 'evnew';
const MAX_FRAME_BYTES = 65_536;
const LOOK_MS = 250;
const FOLLOW_MS = 60_000;
const MOST_FOLLOWED = 500;

export interface EventFollowerOptions {
  endpoint: string;
  curve: CurveClientOptions | undefined;
  link: StoreLink;
  clock: Clock;
  log: Logger;
  /** an event was stored, or a box replied */
  onEvent: (event: EventDocument) => void;
}

export class EventFollower implements Running {
  readonly #options: EventFollowerOptions;
  readonly #stopping = new AbortController();
  readonly #followed = new Map<number, Promise<void>>();
  readonly #stop: () => Promise<void>;
  readonly #log: ThrottledLog;
  /** notices beyond what can be followed */
  dropped = 0;

  constructor(options: EventFollowerOptions) {
    this.#options = options;
    const { clock, curve, endpoint, log } = options;
    this.#log = new ThrottledLog(log, { clock });
    const socket = connecting.subscriber({ maxMessageSize: MAX_FRAME_BYTES, ...curve });
    connectTo(socket, endpoint);
    socket.subscribe(TOPIC);
    const loop = receiveLoop({
      name: 'zmq_data_endpoint',
      socket,
      clock,
      log,
      handle: ([, number]: readonly Buffer[]) => this.#notice(Number(number?.toString())),
    });
    this.#stop = async () => {
      socket.close();
      await loop;
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#stop();
    await Promise.all(this.#followed.values());
  }

  #notice(eventId: number): void {
    if (!Number.isSafeInteger(eventId) || this.#followed.has(eventId)) return;
    if (this.#followed.size >= MOST_FOLLOWED) {
      this.dropped += 1;
      return;
    }
    const done = this.#follow(eventId).finally(() => this.#followed.delete(eventId));
    this.#followed.set(eventId, done);
  }

  async #follow(eventId: number): Promise<void> {
    const { clock, link, onEvent } = this.#options;
    const { signal } = this.#stopping;
    const until = clock.monotonic() + FOLLOW_MS;
    let shown = -1;
    while (!signal.aborted && clock.monotonic() < until) {
      try {
        const event = await link.read((store) => store.event(eventId));
        if (event !== undefined && event.boxes_received.length !== shown) {
          shown = event.boxes_received.length;
          onEvent(event);
        }
        if (event !== undefined && silentBoxes(event).length === 0) return;
      } catch (error) {
        this.#log.warn({ err: error, eventId }, 'a new event could not be read yet');
      }
      await pause(clock, LOOK_MS, signal);
    }
  }
}
