/**
 * Log lines that a peer or a lasting fault can cause again and again: at most so many of one kind per minute. Lines that are left out are
 * counted; the next line of the kind has their number as `suppressed`.
 */
import { type Clock, systemClock } from './clock.js';
import type { Logger } from './log.js';

const MINUTE_MS = 60_000;

interface Window {
  startedMs: number;
  lines: number;
  suppressed: number;
}

export class ThrottledLog {
  readonly #log: Logger;
  readonly #perMinute: number;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** by kind; kinds are words of our code, never peer input, so there are few */
  readonly #windows = new Map<string, Window>();

  /** @param perMinute lines of each kind per minute */
  constructor(
    log: Logger,
    { perMinute = 1, clock = systemClock }: { perMinute?: number; clock?: Pick<Clock, 'monotonic'> } = {},
  ) {
    this.#log = log;
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** @param kind what is throttled together; the message, unless said otherwise */
  warn(fields: Readonly<Record<string, unknown>>, message: string, kind = message): void {
    const more = this.admit(kind);
    if (more !== undefined) this.#log.warn({ ...fields, ...more }, message);
  }

  /** As `warn`. */
  error(fields: Readonly<Record<string, unknown>>, message: string, kind = message): void {
    const more = this.admit(kind);
    if (more !== undefined) this.#log.error({ ...fields, ...more }, message);
  }

  /** Asks for one line, where building it costs something. @returns fields to add to the line; undefined when it is to be left out */
  admit(kind: string): { suppressed?: number } | undefined {
    const now = this.#clock.monotonic();
    const window = this.#windows.get(kind);
    if (window !== undefined && now - window.startedMs < MINUTE_MS) {
      if (window.lines >= this.#perMinute) {
        window.suppressed += 1;
        return undefined;
      }
      window.lines += 1;
      return {};
    }
    this.#windows.set(kind, { startedMs: now, lines: 1, suppressed: 0 });
    return window === undefined || window.suppressed === 0 ? {} : { suppressed: window.suppressed };
  }
}
