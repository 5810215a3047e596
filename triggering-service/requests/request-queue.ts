/**
 * Sends event requests to the acquisition broker, the oldest first, no faster than the broker takes them from one client: what it gets
 * beyond its limit it drops, and boxes may keep a waveform for 50 s only. What may not go yet, or while the broker is away, waits here:
 * bounded, the oldest are dropped and counted.
 */
import { Push } from 'zeromq';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { TokenBucket } from '../../common/token-bucket.js';
import { CONNECT_OPTIONS, type CurveClientOptions } from '../../stream/stream-socket.js';

/** How long a stop goes on sending. */
const DRAIN_MS = 2000;
const RETRY_MS = 100;
/** Least pause for want of tokens, ms. */
const PACE_MS = 5;

export interface RequestQueueOptions {
  endpoint: string;
  curve?: CurveClientOptions | undefined;
  /** requests that may wait */
  limit: number;
  /** bytes that may wait */
  limitBytes: number;
  /** requests sent at once, and in the long run a second */
  pace: { burst: number; perSecond: number };
  log: Logger;
  /** a request was dropped for a later one */
  onDropped: (dropped: Queued) => void;
  time?: QueueTime;
}

/** Time as the queue sees it, so that tests can move it. */
export interface QueueTime {
  /** ms of a clock that only goes forward */
  now(): number;
  /** calls `fn` after `ms`; returns how to prevent that */
  after(ms: number, fn: () => void): () => void;
}

const systemTime: QueueTime = {
  now: () => performance.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

export interface Queued {
  frame: Uint8Array;
  boxIds: readonly number[];
  startMs: number;
  endMs: number;
}

export class RequestQueue implements Running {
  readonly #socket: Push;
  readonly #options: RequestQueueOptions;
  readonly #time: QueueTime;
  readonly #bucket: TokenBucket;
  readonly #queue: Queued[] = [];
  #bytes = 0;
  #sending: Promise<void> | undefined;
  /** the first of the queue is on its way */
  #isAway = false;
  #isSlow = false;
  #endPause = (): void => undefined;
  #stopping = false;
  #closed = false;
  sent = 0;
  dropped = 0;

  constructor(options: RequestQueueOptions) {
    this.#options = options;
    this.#time = options.time ?? systemTime;
    const { burst, perSecond } = options.pace;
    this.#bucket = new TokenBucket(burst, perSecond, () => this.#time.now());
    // `immediate`: only to a broker that is there, so that what waits, waits here, where it is counted.
    this.#socket = new Push({ ...CONNECT_OPTIONS, immediate: true, linger: DRAIN_MS, ...options.curve });
    this.#socket.connect(options.endpoint);
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
    this.#endPause();
    this.#socket.close();
    await this.#sending;
  }

  /** @returns whether there was one that is neither the newest nor on its way */
  #dropOldest(): boolean {
    const at = this.#isAway ? 1 : 0;
    if (this.#queue.length <= at + 1) return false;
    const [oldest] = this.#queue.splice(at, 1);
    if (oldest === undefined) return false;
    this.#bytes -= oldest.frame.length;
    this.dropped += 1;
    this.#options.onDropped(oldest);
    return true;
  }

  async #send(): Promise<void> {
    while (!this.#closed && this.#queue.length > 0) {
      if (this.#bucket.take() === 0) {
        this.#noteSlow();
        await this.#pause(Math.max(PACE_MS, this.#bucket.waitMs()));
      } else await this.#sendOne();
    }
    if (this.#queue.length === 0) this.#isSlow = false;
  }

  /** Sends what is first by now, until that has succeeded. */
  async #sendOne(): Promise<void> {
    const [next] = this.#queue;
    if (next === undefined) return;
    this.#isAway = true;
    while (!this.#closed) {
      try {
        await this.#socket.send(next.frame);
        this.sent += 1;
        this.#queue.shift();
        this.#bytes -= next.frame.length;
        break;
      } catch (error) {
        if (this.#closed || this.#socket.closed) return;
        this.#options.log.error(
          { code: codeOf(error), detail: messageOf(error) },
          'an event request could not be sent',
        );
        await this.#pause(this.#stopping ? 0 : RETRY_MS);
      }
    }
    this.#isAway = false;
  }

  #noteSlow(): void {
    if (this.#isSlow) return;
    this.#isSlow = true;
    const hint = 'limits.requests_per_second and limits.requests_burst here and of the acquisition broker';
    this.#options.log.warn(
      { requests: this.#queue.length, hint },
      'more event requests than the acquisition broker takes at once: they wait',
    );
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#time.after(ms, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}
