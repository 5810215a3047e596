/** The store of the service: opened in the background where the database is unavailable, and watched, so that the page can say since when it is. */
import { retry } from '../common/backoff.js';
import { type Clock, pause } from '../common/clock.js';
import { codeOf, MakaiError, messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import { isMongoUrl } from '../store/mongo/connection/url.js';
import { BACK_OFF } from '../store/outbox/policy.js';
import type { Store } from '../store/store.js';

const LOOK_MS = 5000;

export interface StoreStatus {
  kind: 'mongodb' | 'sqlite';
  available: boolean;
  /** Unix ms */
  since_ms: number;
  /** why it is not available */
  reason?: string | undefined;
}

export interface StoreLinkOptions {
  url: string;
  open: () => Promise<Store>;
  clock: Clock;
  log: Logger;
  /** called when the store becomes available, or unavailable */
  onChange: (status: StoreStatus) => void;
}

export class StoreLink implements Running {
  readonly #options: StoreLinkOptions;
  readonly #stopping = new AbortController();
  #store: Store | undefined;
  #done: Promise<void> = Promise.resolve();
  #status: StoreStatus;

  constructor(options: StoreLinkOptions) {
    this.#options = options;
    const kind = isMongoUrl(options.url) ? 'mongodb' : 'sqlite';
    this.#status = { kind, available: false, since_ms: options.clock.now(), reason: 'not opened yet' };
  }

  /** Fulfilled when the store is open, or is unavailable and opened in the background. @throws what opening says other than STORE_UNAVAILABLE */
  async start(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    try {
      await this.#open();
      this.#done = this.#watch();
    } catch (error) {
      if (codeOf(error) !== 'STORE_UNAVAILABLE') throw error;
      this.#note(messageOf(error));
      log.error({ err: error }, 'the store is unavailable: tried again');
      const helps = (failure: unknown): boolean => codeOf(failure) === 'STORE_UNAVAILABLE';
      const opening = retry(() => this.#open(), {
        ...BACK_OFF,
        what: 'the store',
        clock,
        log,
        signal,
        helps,
      });
      this.#done = opening
        .then(() => this.#watch())
        .catch((failure: unknown) => {
          // Nothing works without it: the supervisor starts the service again.
          if (!signal.aborted) throw failure;
        });
    }
  }

  /** @throws MakaiError STORE_UNAVAILABLE until it is open */
  get store(): Store {
    if (this.#store !== undefined) return this.#store;
    throw new MakaiError('STORE_UNAVAILABLE', `the store is not open: ${this.#status.reason}`);
  }

  get status(): StoreStatus {
    return this.#status;
  }

  /** Runs a read, and learns from it whether the store is there. */
  async read<T>(work: (store: Store) => Promise<T>): Promise<T> {
    try {
      const result = await work(this.store);
      this.#note(undefined);
      return result;
    } catch (error) {
      if (codeOf(error) === 'STORE_UNAVAILABLE') this.#note(messageOf(error));
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
    await this.#store?.close();
  }

  async #open(): Promise<void> {
    this.#store = await this.#options.open();
    this.#note(undefined);
  }

  async #watch(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await pause(clock, LOOK_MS, signal);
      if (signal.aborted) return;
      try {
        await this.read((store) => store.makaiConfig());
      } catch (error) {
        if (codeOf(error) !== 'STORE_UNAVAILABLE') log.warn({ err: error }, 'reading from the store failed');
      }
    }
  }

  #note(reason: string | undefined): void {
    const { available, kind } = this.#status;
    if (available === (reason === undefined)) return;
    const { clock, log, onChange } = this.#options;
    const since_ms = clock.now();
    this.#status =
      reason === undefined
        ? { kind, available: true, since_ms }
        : { kind, available: false, since_ms, reason };
    if (reason === undefined) log.info('the store is available');
    else log.error({ reason }, 'the store is unavailable');
    onChange(this.#status);
  }
}
