/**
 * The way to the database: open or not, and what to do when it breaks. While it is away nothing waits for it: one probe looks for it, everything
 * else goes to the spool at once. A call is given a little patience; when that is over the caller goes on, and the call may still succeed (every
 * write can be done twice).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, MakaiError, messageOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import type { Block } from '../mongo/index.js';
import type { Store } from '../store.js';

/** A store that can be put behind a spool. */
export interface Primary extends Store {
  /** makes what is missing (indexes) */
  prepare(): Promise<unknown>;
  ping(): Promise<void>;
  lastEventId(): Promise<number>;
  nextEventIdsAfter(amount: number, after: number, owner: string): Promise<number[]>;
  reserveEventIds(
    owner: string,
    options: { size: number; ahead: number; after: number; keep?: Block | undefined },
  ): Promise<Block>;
  releaseEventIds(owner: string, keep: Block, usedTo: number): Promise<void>;
}

/** What came of a call: its result, refused for what was written, or not (known to be) done. */
export type Outcome<T> = { result: T } | { refused: MakaiError } | { away: true };

export interface LinkHooks {
  /** the database has come (back), before anything else is asked of it; when it fails the database is still away */
  beforeUp(primary: Primary): Promise<void>;
  /** from now on writes go there */
  onUp(primary: Primary): void;
}

const PROBE_PAUSE_MS = 500;
const PING_PATIENCE_MS = 5_000;
/**
 * After so many tries another client is made. The driver's own watch of a server that was killed can stick to its last error ("connection closed") and
 * never look again, seen under load; a fresh client costs no more than a try.
 */
const TRIES_OF_A_CLIENT = 3;
/** How long the database may take for what must be there before it is used (indexes, event numbers). */
const PREPARE_PATIENCE_MS = 30_000;
/** A call that hangs this long says that the database is away, though nobody reported an error. */
const HANGS_MS = 10_000;
/** Calls, and bytes in them, under way at one time; past this the database is too slow for what comes. */
const CALLS_AT_ONCE = 1_000;
const BYTES_AT_ONCE = 64 * 1024 * 1024;

/** Codes that say nothing of what was written. */
const AWAY: ReadonlySet<string> = new Set([
  'STORE_UNAVAILABLE',
  'STORE_ACCESS_DENIED',
  'STORE_INDEX_CONFLICT',
]);

const AWAY_OUTCOME = { away: true } as const;

export class Link {
  readonly #open: () => Promise<Primary>;
  readonly #log: Logger;
  readonly #hooks: LinkHooks;
  #primary: Primary | undefined;
  #up = false;
  #probing: Promise<void> | undefined;
  readonly #stopped = new AbortController();
  readonly #waiting = new Set<() => void>();
  #calls = 0;
  #bytes = 0;
  #awaySince = 0;
  #reported = '';

  constructor(open: () => Promise<Primary>, log: Logger, hooks: LinkHooks) {
    this.#open = open;
    this.#log = log;
    this.#hooks = hooks;
  }

  get up(): boolean {
    return this.#up;
  }

  /** The store, while it is up. */
  get primary(): Primary | undefined {
    return this.#up ? this.#primary : undefined;
  }

  /**
   * The first try. A database that is away is no failure: the probe goes on looking.
   * @throws what opening throws for any other reason: a person stands by at a start
   */
  async start(): Promise<void> {
    try {
      this.#primary = await this.#open();
      await this.#hooks.beforeUp(this.#primary);
      this.#nowUp();
    } catch (error) {
      if (codeOf(error) !== 'STORE_UNAVAILABLE') throw error;
      this.#away(error);
    }
  }

  /**
   * Calls the database, unless it is away or has enough to do.
   * @param patienceMs how long the caller waits
   * @param bytes held in memory until the call is over, the caller gone or not
   */
  async call<T>(work: (primary: Primary) => Promise<T>, patienceMs: number, bytes = 0): Promise<Outcome<T>> {
    const primary = this.primary;
    if (primary === undefined || this.#calls >= CALLS_AT_ONCE) return { away: true };
    if (this.#bytes > 0 && this.#bytes + bytes > BYTES_AT_ONCE) return { away: true };
    this.#calls += 1;
    this.#bytes += bytes;
    const hangs = setTimeout(() => this.#away(new Error('calls hang')), Math.max(HANGS_MS, patienceMs));
    hangs.unref();
    const calling = work(primary)
      .then(
        (result): Outcome<T> => ({ result }),
        (error: unknown): Outcome<T> => this.#failed(error),
      )
      .finally(() => {
        clearTimeout(hangs);
        this.#calls -= 1;
        this.#bytes -= bytes;
      });
    const { late, end } = this.#patience(patienceMs);
    const outcome = await Promise.race([calling, late]);
    end();
    return outcome;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#up = false;
    // Stopping ends everybody's patience.
    for (const end of this.#waiting) end();
    // Closing ends a call that the probe waits for.
    await this.#primary?.close();
    await this.#probing;
  }

  /** Resolves when the time is over, or at a stop. */
  #patience(ms: number): { late: Promise<typeof AWAY_OUTCOME>; end: () => void } {
    let end = (): void => undefined;
    const late = new Promise<typeof AWAY_OUTCOME>((resolve) => {
      const timer = setTimeout(() => end(), ms);
      end = () => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve(AWAY_OUTCOME);
      };
      this.#waiting.add(end);
    });
    return { late, end };
  }

  #failed(error: unknown): { refused: MakaiError } | { away: true } {
    if (error instanceof MakaiError && !AWAY.has(error.code)) return { refused: error };
    this.#away(error);
    return { away: true };
  }

  #away(error: unknown): void {
    if (this.#stopped.signal.aborted || this.#probing !== undefined) return;
    if (this.#up || this.#awaySince === 0) {
      this.#awaySince = Date.now();
      this.#log.warn({ reason: messageOf(error) }, 'the database is away: writes are spooled');
    }
    this.#up = false;
    this.#probing = this.#probe().finally(() => {
      this.#probing = undefined;
    });
  }

  async #probe(): Promise<void> {
    const { signal } = this.#stopped;
    for (let tries = 1; !signal.aborted; tries += 1) {
      try {
        const primary = this.#primary ?? (await this.#open());
        this.#primary = primary;
        if (signal.aborted) await primary.close();
        await within(primary.ping(), PING_PATIENCE_MS);
        await within(primary.prepare(), PREPARE_PATIENCE_MS);
        await within(this.#hooks.beforeUp(primary), PREPARE_PATIENCE_MS);
        if (signal.aborted) return;
        this.#nowUp();
        return;
      } catch (error) {
        this.#report(error);
        if (error instanceof NoAnswer || tries % TRIES_OF_A_CLIENT === 0) await this.#abandon();
      }
      await sleep(PROBE_PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Closes the client, which ends calls that hang on it; the next try makes another. */
  async #abandon(): Promise<void> {
    const primary = this.#primary;
    this.#primary = undefined;
    await primary?.close().catch(() => undefined);
  }

  /** A database that answers but does not let us work needs a person; said once a reason. */
  #report(error: unknown): void {
    const code = codeOf(error) ?? 'other';
    this.#log.debug({ reason: messageOf(error) }, 'the database is still away');
    if (code === 'STORE_UNAVAILABLE' || code === this.#reported) return;
    this.#reported = code;
    const hint = error instanceof MakaiError ? error.hint : undefined;
    this.#log.error(
      { code, reason: messageOf(error), hint },
      'the database cannot be used: writes are spooled',
    );
  }

  #nowUp(): void {
    this.#up = true;
    this.#reported = '';
    if (this.#awaySince !== 0) {
      const seconds = Math.round((Date.now() - this.#awaySince) / 1000);
      this.#log.info({ seconds }, 'the database is back');
    }
    this.#awaySince = 0;
    if (this.#primary !== undefined) this.#hooks.onUp(this.#primary);
  }
}

class NoAnswer extends MakaiError {
  constructor(ms: number) {
    super('STORE_UNAVAILABLE', `no answer within ${ms} ms`);
  }
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  const patience = new AbortController();
  const late = sleep(ms, undefined, { signal: patience.signal }).then(
    () => {
      throw new NoAnswer(ms);
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    patience.abort();
  }
}
