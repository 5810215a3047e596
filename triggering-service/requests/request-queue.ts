/** Sends event requests to the acquisition broker; while it is away they wait, bounded, and the oldest are dropped. */
import { Push } from 'zeromq';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { CONNECT_OPTIONS, type CurveClientOptions } from '../ingest/stream-socket.js';

/** How long a stop goes on sending. */
const DRAIN_MS = 2000;
const RETRY_MS = 100;

export interface RequestQueueOptions {
  endpoint: string;
  curve?: CurveClientOptions | undefined;
  /** requests that may wait */
  limit: number;
  log: Logger;
  /** a request was dropped for a later one */
  onDropped: (dropped: Queued) => void;
}

export interface Queued {
  frame: Uint8Array;
  boxIds: readonly number[];
  startMs: number;
  endMs: number;
}

export class RequestQueue implements Running {
  readonly #socket: Push;
  readonly #options: RequestQueueOptions;
  readonly #queue: Queued[] = [];
  #sending: Promise<void> | undefined;
  #stopping = false;
  #closed = false;
  sent = 0;
  dropped = 0;

  constructor(options: RequestQueueOptions) {
    this.#options = options;
    // `immediate`: only to a broker that is there, so that what waits, waits here, where it is counted.
    this.#socket = new Push({ ...CONNECT_OPTIONS, immediate: true, linger: DRAIN_MS, ...options.curve });
    this.#socket.connect(options.endpoint);
  }

  get waiting(): number {
    return this.#queue.length;
  }

  push(request: Queued): void {
    this.#queue.push(request);
    if (this.#queue.length > this.#options.limit) {
      // The first one is on its way already.
      const [oldest] = this.#queue.splice(this.#sending === undefined ? 0 : 1, 1);
      this.dropped += 1;
      if (oldest) this.#options.onDropped(oldest);
    }
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    let deadline: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      deadline = setTimeout(resolve, DRAIN_MS);
    });
    await Promise.race([this.#sending, late]);
    clearTimeout(deadline);
    if (this.#queue.length > 0) {
      this.#options.log.warn({ requests: this.#queue.length }, 'stopped before all event requests were sent');
    }
    this.#closed = true;
    this.#socket.close();
    await this.#sending;
  }

  async #send(): Promise<void> {
    while (!this.#closed) {
      const [next] = this.#queue;
      if (!next) return;
      try {
        await this.#socket.send(next.frame);
        this.sent += 1;
        this.#queue.shift();
      } catch (error) {
        if (this.#closed || this.#socket.closed) return;
        this.#options.log.error(
          { code: codeOf(error), detail: messageOf(error) },
          'an event request could not be sent',
        );
        await new Promise((resolve) => setTimeout(resolve, this.#stopping ? 0 : RETRY_MS));
      }
    }
  }
}
