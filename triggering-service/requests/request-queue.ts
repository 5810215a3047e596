/**
 * Sends event requests to the acquisition broker, the oldest first, no faster than the broker accepts them from one client: what exceeds
 * its limit it drops, and boxes may keep a waveform for only 50 s. Requests that may not go yet, or while the broker is unavailable, wait
 * here: bounded, the oldest are dropped and counted.
 */
import { type Clock, pause, systemClock, within } from '../../common/clock.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import { TokenBucket } from '../../common/token-bucket.js';
import { connectTo } from '../../zmq/connect.js';
import type { CurveClientOptions } from '../../zmq/curve.js';
import { connecting, type Push } from '../../zmq/sockets.js';

/** How long a stop goes on sending. */
const DRAIN_MS = 2000;
const RETRY_MS = 100;
/** Shortest wait for a token, ms. */
const PACE_MS = 5;

export interface RequestQueueOptions {
  endpoint: string;
  curve?: CurveClientOptions | undefined;
  /** requests that may wait */
  limit: number;
  /** bytes that may wait */
  limitBytes: number;
  /** requests sent at the same time, and in the long run per second */
  pace: { burst: number; perSecond: number };
  log: Logger;
  /** a request was dropped for a later one */
  onDropped: (dropped: Queued) => void;
  /** of the pace, retries and the stop; the system's where left out */
  clock?: Clock;
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
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #throttled: ThrottledLog;
  readonly #queue: Queued[] = [];
  #bytes = 0;
  #sending: Promise<void> | undefined;
  /** the first of the queue is being sent */
  #isSending = false;
  #isSlow = false;
  #stopping = false;
  /** aborted by the end of a stop */
  readonly #closed = new AbortController();
  sent = 0;
  dropped = 0;

  constructor(options: RequestQueueOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#throttled = new ThrottledLog(options.log);
    const { burst, perSecond } = options.pace;
    this.#bucket = new TokenBucket(burst, perSecond, this.#clock);
    // `immediate`: only to a broker that is connected, so that requests wait here, where they are counted.
    this.#socket = connecting.push({ immediate: true, linger: DRAIN_MS, ...options.curve });
    connectTo(this.#socket, options.endpoint);
  }

  get waiting(): number {
    return this.#queue.length;
  }

  push(request: Queued): void {
    const { limit, limitBytes } = this.#options;
    this.#queue.push(request);
    this.#bytes += request.frame.length;
    while (this.#queue.length > limit || this.#bytes > limitBytes) if (!this.#dropOldest()) break;
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await within(this.#sending ?? Promise.resolve(), DRAIN_MS, this.#clock);
    if (this.#queue.length > 0) {
      this.#options.log.warn({ requests: this.#queue.length }, 'stopped before all event requests were sent');
    }
    this.#closed.abort();
    this.#socket.close();
    await this.#sending;
  }

  /** @returns whether there was one that is neither the newest nor being sent */
  #dropOldest(): boolean {
    const at = this.#isSending ? 1 : 0;
    if (this.#queue.length <= at + 1) return false;
    const [oldest] = this.#queue.splice(at, 1);
    if (oldest === undefined) return false;
    this.#bytes -= oldest.frame.length;
    this.dropped += 1;
    this.#options.onDropped(oldest);
    return true;
  }

  async #send(): Promise<void> {
    while (!this.#isClosed && this.#queue.length > 0) {
      if (this.#bucket.take() === 0) {
        this.#noteSlow();
        await this.#pause(Math.max(PACE_MS, this.#bucket.waitMs()));
      } else await this.#sendOne();
    }
    if (this.#queue.length === 0) this.#isSlow = false;
  }

  /** Sends the first of the queue, until that has succeeded. */
  async #sendOne(): Promise<void> {
    const [next] = this.#queue;
    if (next === undefined) return;
    this.#isSending = true;
    while (!this.#isClosed) {
      try {
        await this.#socket.send(next.frame);
        this.sent += 1;
        this.#queue.shift();
        this.#bytes -= next.frame.length;
        break;
      } catch (error) {
        if (this.#isClosed || this.#socket.closed) return;
        this.#throttled.error({ err: error }, 'an event request could not be sent');
        await this.#pause(this.#stopping ? 0 : RETRY_MS);
      }
    }
    this.#isSending = false;
  }

  #noteSlow(): void {
    if (this.#isSlow) return;
    this.#isSlow = true;
    const hint = 'limits.requests_per_second and limits.requests_burst here and of the acquisition broker';
    this.#options.log.warn(
      { requests: this.#queue.length, hint },
      'more event requests than the acquisition broker accepts from one client in one burst: they wait',
    );
  }

  get #isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  #pause(ms: number): Promise<void> {
    return pause(this.#clock, ms, this.#closed.signal);
  }
}
