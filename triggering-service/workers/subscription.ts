/** Keeps what a socket is subscribed to in step with what is known: everything at first, then the cover of its share. */
import { cover } from './cover.js';
import type { Topics } from './topics.js';

/** Prefixes of all workers and services together. A box keeps each, and other brokers than ours send a box that comes back no more than 1000. */
export const MAX_PREFIXES = 900;
/** How long everything is heard first, and how often it is looked after that whether the cover has changed. */
export const LISTEN_MS = 2000;
/** When there is no room for new topics, everything is heard anew this often at most, and what is gone is forgotten. */
const FORGET_MS = 24 * 3_600_000;

export interface Subscribing {
  subscribe(...prefixes: string[]): void;
  unsubscribe(...prefixes: string[]): void;
}

export interface SubscriptionOptions {
  socket: Subscribing;
  topics: Topics;
  /** ids in a row that have one owner */
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
    this.#timer = setInterval(() => this.#look(performance.now()), (options.listenMs ?? LISTEN_MS) / 4);
    this.#timer.unref();
  }

  /** Prefixes subscribed to. */
  get prefixes(): number {
    return this.#present.size;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(nowMs: number): void {
    const { topics, block, parts, listenMs = LISTEN_MS } = this.#options;
    if (topics.size === 0) return;
    this.#listeningSinceMs ??= nowMs;
    const listened = nowMs - this.#listeningSinceMs;
    if (topics.full && listened >= FORGET_MS) {
      topics.forget();
      this.#listeningSinceMs = undefined;
      this.#covered = 0;
      this.#become(['']);
    } else if (topics.size > this.#covered && listened >= listenMs) {
      this.#covered = topics.size;
      this.#become(cover(topics.known, { block, limit: Math.max(1, Math.floor(MAX_PREFIXES / parts)) }));
    }
  }

  /** First the new prefixes, then without the old ones: no topic is without a subscription in between. */
  #become(prefixes: readonly string[]): void {
    const { socket } = this.#options;
    const wanted = new Set(prefixes);
    const added = prefixes.filter((prefix) => !this.#present.has(prefix));
    const gone = [...this.#present].filter((prefix) => !wanted.has(prefix));
    if (added.length > 0) socket.subscribe(...added);
    if (gone.length > 0) socket.unsubscribe(...gone);
    this.#present = wanted;
  }
}
