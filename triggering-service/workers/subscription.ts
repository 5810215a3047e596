/** Keeps the subscriptions of a socket up to date with the known topics: everything at first, then the cover of its share. */
import { subscriptionCover } from './subscription-cover.js';
import type { Topics } from './topics.js';

/** Max number of prefixes of all workers and services together: brokers forward them to the boxes, and existing brokers send at most 1000 to a box that reconnects. */
export const MAX_PREFIXES = 900;
/** How long a worker is subscribed to everything at first. The cover is checked four times in that span, also later. */
export const LISTEN_MS = 2000;
/** When no further topics can be remembered, all are forgotten and everything is subscribed again, at most this often. */
const FORGET_MS = 24 * 3_600_000;

export interface Subscribing {
  subscribe(...prefixes: string[]): void;
  unsubscribe(...prefixes: string[]): void;
}

export interface SubscriptionOptions {
  socket: Subscribing;
  topics: Topics;
  /** consecutive ids that have one owner */
  block: number;
  /** workers of all services that share the boxes */
  parts: number;
  listenMs?: number;
}

export class ShareSubscription {
  readonly #options: SubscriptionOptions;
  readonly #timer: NodeJS.Timeout;
  #present = new Set<string>(['']);
  #covered = 0;
  #listeningSinceMs: number | undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    options.socket.subscribe('');
    this.#timer = setInterval(() => this.#check(performance.now()), (options.listenMs ?? LISTEN_MS) / 4);
    this.#timer.unref();
  }

  /** Prefixes subscribed to. */
  get prefixes(): number {
    return this.#present.size;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(nowMs: number): void {
    const { topics, block, parts, listenMs = LISTEN_MS } = this.#options;
    if (topics.size === 0) return;
    this.#listeningSinceMs ??= nowMs;
    const listened = nowMs - this.#listeningSinceMs;
    if (topics.full && listened >= FORGET_MS) {
      topics.forget();
      this.#listeningSinceMs = undefined;
      this.#covered = 0;
      this.#change(['']);
    } else if (topics.size > this.#covered && listened >= listenMs) {
      this.#covered = topics.size;
      this.#change(
        subscriptionCover(topics.known, { block, limit: Math.max(1, Math.floor(MAX_PREFIXES / parts)) }),
      );
    }
  }

  /** First the new prefixes, then without the old ones: no topic is without a subscription in between. */
  #change(prefixes: readonly string[]): void {
    const { socket } = this.#options;
    const wanted = new Set(prefixes);
    const added = prefixes.filter((prefix) => !this.#present.has(prefix));
    const gone = [...this.#present].filter((prefix) => !wanted.has(prefix));
    if (added.length > 0) socket.subscribe(...added);
    if (gone.length > 0) socket.unsubscribe(...gone);
    this.#present = wanted;
  }
}
