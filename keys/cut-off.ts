/**
 * Cutting a revoked box off. ZAP is asked only in the handshake, so an open connection ends only when its socket is closed: the
 * daemon closes its CURVE sockets and opens them anew, and all boxes shake hands again. It waits for nothing else first: a source of keys
 * may hang. What is revoked within `intervalMs` after a closing is cut off by the next one, all of it at once.
 */
import { messageOf } from '../common/errors.js';
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { AllowList } from './allow-list.js';
import type { Gate } from './gate.js';

/**
 * The pause between two closings, after each of which all boxes shake hands. As long as can be: a revocation right after a closing waits all of
 * it (the list is read meanwhile) and must take effect within 5 s too.
 */
const INTERVAL_MS = 4500;

export interface CutOffOptions {
  /** the lists whose keys may be inside, each with the gate that asks it */
  guards: readonly { allow: AllowList; gate: Gate }[];
  /** closes the CURVE sockets; fulfilled when no connection is left */
  close: () => Promise<void>;
  /** opens them again on the same endpoints; tries until it can, or until the signal says that all is to stop */
  open: (signal: AbortSignal) => Promise<void>;
  log: Logger;
  intervalMs?: number;
}

export class CutOff implements Running {
  readonly #options: CutOffOptions;
  readonly #unlisten: (() => void)[];
  #timer: NodeJS.Timeout | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  #count = 0;

  constructor(options: CutOffOptions) {
    this.#options = options;
    this.#unlisten = options.guards.map(({ allow, gate }) =>
      allow.onChange(({ removed }) => {
        if (gate.mayBeInside(removed)) this.#plan();
      }),
    );
  }

  /** How often the sockets were opened anew. */
  get count(): number {
    return this.#count;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const unlisten of this.#unlisten) unlisten();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #plan(): void {
    if (this.#stop.signal.aborted || this.#timer !== undefined) return;
    const wait = this.#last + (this.#options.intervalMs ?? INTERVAL_MS) - performance.now();
    const run = (): void => {
      this.#running = (this.#running ?? Promise.resolve()).then(() => this.#cut());
    };
    this.#timer = setTimeout(run, Math.max(0, wait));
  }

  async #cut(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { guards, close, open, log } = this.#options;
    try {
      log.warn("a key was revoked: closing the boxes' connections; they come back by themselves");
      await close();
      this.#last = performance.now();
      for (const { gate } of guards) gate.forgetInside();
      // From here on a revoked key may be in again, through the new sockets: then they are closed once more.
      this.#timer = undefined;
      await open(this.#stop.signal);
      this.#count += 1;
    } catch (error) {
      this.#timer = undefined;
      log.fatal({ error: messageOf(error) }, 'the sockets of the boxes could not be opened anew');
    }
  }
}
