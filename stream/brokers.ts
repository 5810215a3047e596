/** The measurement stream of several triggering brokers, and which of them are heard. */
import { type Running, stopAll } from '../common/lifecycle.js';
import { connectionsOf } from '../zmq/connection-state.js';
import { openStream, type StreamOptions } from './stream-socket.js';

/** What a daemon says of itself in `/status`, and to the other daemons. */
export interface HeardBrokers {
  /** triggering brokers that the settings name */
  brokers: number;
  /** of them connected */
  connected: number;
  /** endpoints of those that are not */
  missing: readonly string[];
}

export interface BrokerStreamsOptions extends Omit<StreamOptions, 'subscribe'> {
  /** called whenever a broker is connected, or lost */
  changed?: () => void;
}

/** For the first connections. */
const SETTLED_MS = 10_000;

/** A socket for each broker: the addresses that libzmq names in its events are not those of the settings once a name was resolved. */
export class BrokerStreams implements Running {
  readonly #endpoints: readonly string[];
  readonly #connected = new Set<string>();
  readonly #streams: readonly Running[];
  readonly #openedMs = performance.now();

  constructor({ changed = () => undefined, endpoints, ...options }: BrokerStreamsOptions) {
    this.#endpoints = [...new Set(endpoints)];
    this.#streams = this.#endpoints.map((endpoint) =>
      openStream({
        ...options,
        endpoints: [endpoint],
        subscribe: (socket) => {
          connectionsOf(socket, (count) => {
            if (count > 0) this.#connected.add(endpoint);
            else this.#connected.delete(endpoint);
            changed();
          });
          socket.subscribe();
        },
      }),
    );
  }

  /** All brokers are connected. */
  get isComplete(): boolean {
    return this.#connected.size === this.#endpoints.length;
  }

  status(): HeardBrokers {
    const missing = this.#endpoints.filter((endpoint) => !this.#connected.has(endpoint));
    return { brokers: this.#endpoints.length, connected: this.#connected.size, missing };
  }

  /** As `status`; undefined while the sockets are new, and brokers may still be connecting. */
  settled(): HeardBrokers | undefined {
    return this.isComplete || performance.now() - this.#openedMs >= SETTLED_MS ? this.status() : undefined;
  }

  stop(): Promise<void> {
    return stopAll(this.#streams.map((part) => ({ name: 'stream', part })));
  }
}
