/**
 * The connection to the database: available or not. While it is unavailable nothing waits for it: one probe looks for it, everything else goes to the
 * spool immediately. It is available again when it takes a write; what it does not take although it takes the probe's is no outage (retries.ts). A call
 * has a deadline; when that has passed the caller goes on, and the call may still succeed (every write can be done twice).
 */
import { type Clock, deadline, pause, systemClock } from '../../common/clock.js';
import { codeOf, MakaiError } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import type { Primary } from '../primary.js';

/**
 * What came of a call: its result, refused for what was written, or not (known to be) done: not tried (the database is unavailable, or has enough to do), no
 * reply in time, or an error that says nothing of what was written.
 */
export type Outcome<T> =
  | { result: T }
  | { refused: MakaiError }
  | { unavailable: 'down' | 'busy' | 'late' }
  | { unavailable: 'failed'; error: unknown };

export interface LinkHooks {
  /** the database has come (back), before anything else is asked of it; when it fails the database is still unavailable */
  beforeUp(primary: Primary): Promise<void>;
  /**
   * From now on writes go there.
   * @param wasUnavailable false: a call had failed, but the database was there all the time
   */
  onUp(wasUnavailable: boolean): void;
}

const PROBE_PAUSE_MS = 500;
/** The same as the database's own for a durable write. */
const PING_DEADLINE_MS = 10_000;
/** When a call failed and the database was found there, a call that fails is not looked into again for so long. */
const TRUST_MS = 1_000;
/**
 * After so many tries another client is made. The driver's own watch of a server that was killed can stick to its last error ("connection closed") and
 * never look again, seen under load; a fresh client costs no more than a try.
 */
const TRIES_OF_A_CLIENT = 3;
/** How long the database may take for what must be there before it is used (indexes, event ids). */
const PREPARE_DEADLINE_MS = 30_000;
/** A call that hangs this long means that the database is unavailable, though nobody reported an error. */
const HANGS_MS = 10_000;
/** Calls, and bytes in them, under way at one time; past this the database is too slow for what comes. */
const CALLS_AT_ONCE = 1_000;
const BYTES_AT_ONCE = 64 * 1024 * 1024;

/** Codes that say nothing of what was written. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'STORE_ACCESS_DENIED']);

const LATE = { unavailable: 'late' } as const;

export class Link {
  readonly #open: () => Promise<Primary>;
  readonly #log: Logger;
  readonly #hooks: LinkHooks;
  readonly #clock: Clock;
  #primary: Primary | undefined;
  #up = false;
  #probing: Promise<void> | undefined;
  readonly #stopped = new AbortController();
  readonly #waiting = new Set<() => void>();
  #calls = 0;
  #bytes = 0;
  /** Unix ms; 0: it is available */
  #unavailableSince = 0;
  #trusted = false;
  #endTrust = (): void => undefined;
  #reported = '';

  constructor(open: () => Promise<Primary>, log: Logger, clock: Clock, hooks: LinkHooks) {
    this.#open = open;
    this.#log = log;
    this.#clock = clock;
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
   * The first try. An unavailable database is no failure: the probe goes on looking.
   * @throws what opening throws for any other reason: at a start a person is there to mend it
   */
  async start(): Promise<void> {
    try {
      this.#primary = await this.#open();
      await this.#hooks.beforeUp(this.#primary);
      this.#nowUp(true);
    } catch (error) {
      if (codeOf(error) !== 'STORE_UNAVAILABLE') throw error;
      this.#lost(error);
    }
  }

  /**
   * Calls the database, unless it is unavailable or has enough to do.
   * @param deadlineMs how long the caller waits, ms
   * @param bytes held in memory until the call is over, the caller gone or not
   */
  async call<T>(work: (primary: Primary) => Promise<T>, deadlineMs: number, bytes = 0): Promise<Outcome<T>> {
    const primary = this.primary;
    if (primary === undefined) return { unavailable: 'down' };
    if (this.#calls >= CALLS_AT_ONCE) return { unavailable: 'busy' };
    if (this.#bytes > 0 && this.#bytes + bytes > BYTES_AT_ONCE) return { unavailable: 'busy' };
    this.#calls += 1;
    this.#bytes += bytes;
    const hangs = setTimeout(() => this.#lost(new Error('calls hang')), Math.max(HANGS_MS, deadlineMs));
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
    const { late, end } = this.#deadline(deadlineMs);
    const outcome = await Promise.race([calling, late]);
    end();
    return outcome;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#endTrust();
    this.#up = false;
    // A stop ends all waiting.
    for (const end of this.#waiting) end();
    // Closing ends a call that the probe waits for.
    await this.#primary?.close();
    await this.#probing;
  }

  /** Resolves when the time has passed, or at a stop. */
  #deadline(ms: number): { late: Promise<typeof LATE>; end: () => void } {
    let end = (): void => undefined;
    const late = new Promise<typeof LATE>((resolve) => {
      const timer = setTimeout(() => end(), ms);
      end = () => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve(LATE);
      };
      this.#waiting.add(end);
    });
    return { late, end };
  }

  #failed(error: unknown): { refused: MakaiError } | { unavailable: 'failed'; error: unknown } {
    if (error instanceof MakaiError && !UNAVAILABLE.has(error.code)) return { refused: error };
    if (!this.#trusted) this.#lost(error);
    return { unavailable: 'failed', error };
  }

  #lost(error: unknown): void {
    if (this.#stopped.signal.aborted || this.#probing !== undefined) return;
    this.#up = false;
    this.#probing = this.#probe(error).finally(() => {
      this.#probing = undefined;
    });
  }

  /** @param cause why it is looked for; logged when it is unavailable indeed */
  async #probe(cause: unknown): Promise<void> {
    const { signal } = this.#stopped;
    for (let tries = 1; !signal.aborted; tries += 1) {
      try {
        const primary = this.#primary ?? (await this.#open());
        this.#primary = primary;
        if (signal.aborted) await primary.close();
        await within(primary.ping(), PING_DEADLINE_MS);
        await within(primary.prepare(), PREPARE_DEADLINE_MS);
        await within(this.#hooks.beforeUp(primary), PREPARE_DEADLINE_MS);
        if (signal.aborted) return;
        this.#nowUp(tries > 1);
        return;
      } catch (error) {
        if (this.#unavailableSince === 0) {
          this.#unavailableSince = Date.now();
          this.#log.warn({ err: cause }, 'the database is unavailable: writes are spooled');
        }
        this.#report(error);
        if (error instanceof NoReply || tries % TRIES_OF_A_CLIENT === 0) await this.#abandon();
      }
      await pause(this.#clock, PROBE_PAUSE_MS, this.#stopped.signal);
    }
  }

  /** Closes the client, which ends calls that hang on it; the next try makes another. */
  async #abandon(): Promise<void> {
    const primary = this.#primary;
    this.#primary = undefined;
    await primary?.close().catch(() => undefined);
  }

  /** A database that replies but does not let us work needs a person; logged once per reason. */
  #report(error: unknown): void {
    const code = codeOf(error) ?? 'other';
    this.#log.debug({ err: error }, 'the database is still unavailable');
    if (code === 'STORE_UNAVAILABLE' || code === this.#reported) return;
    this.#reported = code;
    const hint = error instanceof MakaiError ? error.hint : undefined;
    this.#log.error({ code, err: error, hint }, 'the database cannot be used: writes are spooled');
  }

  #nowUp(wasUnavailable: boolean): void {
    this.#up = true;
    this.#endTrust();
    this.#trusted = !wasUnavailable;
    if (this.#trusted) {
      this.#endTrust = this.#clock.after(TRUST_MS, () => {
        this.#trusted = false;
      });
    }
    this.#reported = '';
    if (this.#unavailableSince !== 0) {
      const seconds = Math.round((Date.now() - this.#unavailableSince) / 1000);
      this.#log.info({ seconds }, 'the database is available again');
    }
    this.#unavailableSince = 0;
    this.#hooks.onUp(wasUnavailable);
  }
}

class NoReply extends MakaiError {
  constructor(ms: number) {
    super('STORE_UNAVAILABLE', `no reply within ${ms} ms`);
  }
}

function within<T>(work: Promise<T>, ms: number): Promise<T> {
  return deadline(work, ms, systemClock, () => new NoReply(ms));
}
