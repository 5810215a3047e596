/**
 * Disconnects revoked keys, and everybody when the server's key was changed. ZAP is asked only in the handshake, so an open connection ends only when its socket is closed: the daemon
 * closes its CURVE sockets and reopens them, and all boxes shake hands again. It waits for nothing else first, because a source of keys
 * may hang. Keys that are revoked within `intervalMs` after a closing are disconnected together by the next one.
 */
import type { Running } from '../common/lifecycle.js';
import type { Logger } from '../common/log.js';
import type { AllowList } from './allow-list.js';
import type { Gate } from './gate.js';

/**
 * Pause between two closings, after each of which all boxes shake hands. It is as long as possible: a revocation right after a closing
 * waits for all of it (the list is read meanwhile) and must take effect within 5 s too.
 */
const INTERVAL_MS = 4500;

export interface DisconnectorOptions {
  /** the lists whose keys may be connected, each with the gate that asks it */
  guards: readonly { allow: AllowList; gate: Gate; onServerKey?(listener: () => void): void }[];
  /** closes the CURVE sockets; fulfilled when no connection is left */
  close: () => Promise<void>;
  /** opens them again on the same endpoints; tries until it can, or until the signal says that all is to stop */
  open: (signal: AbortSignal) => Promise<void>;
  log: Logger;
  intervalMs?: number;
}

export class Disconnector implements Running {
  readonly #options: DisconnectorOptions;
  readonly #unlisten: (() => void)[];
  #timer: NodeJS.Timeout | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();
  #count = 0;
  readonly #reasons = new Set<string>();

  constructor(options: DisconnectorOptions) {
    this.#options = options;
    this.#unlisten = options.guards.map(({ allow, gate }) =>
      allow.onChange(({ removed }) => {
        if (gate.mayBeConnected(removed)) this.#plan('a key was revoked');
      }),
    );
    for (const { onServerKey } of options.guards)
      onServerKey?.(() => this.#plan('the key of the server was changed'));
  }

  /** How often the sockets were reopened. */
  get count(): number {
    return this.#count;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const unlisten of this.#unlisten) unlisten();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #plan(reason: string): void {
    this.#reasons.add(reason);
    if (this.#stop.signal.aborted || this.#timer !== undefined) return;
    const wait = this.#last + (this.#options.intervalMs ?? INTERVAL_MS) - performance.now();
    const run = (): void => {
      this.#running = (this.#running ?? Promise.resolve()).then(() => this.#disconnect());
    };
    this.#timer = setTimeout(run, Math.max(0, wait));
  }

  async #disconnect(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { guards, close, open, log } = this.#options;
    try {
      const reason = [...this.#reasons].join(', ');
      this.#reasons.clear();
      log.warn({ reason }, 'closing the connections under CURVE; they come back by themselves');
      await close();
      this.#last = performance.now();
      for (const { gate } of guards) gate.forgetConnected();
      // From here on a revoked key may be connected again, through the new sockets: then they are closed again.
      this.#timer = undefined;
      await open(this.#stop.signal);
      this.#count += 1;
    } catch (error) {
      this.#timer = undefined;
      log.fatal({ err: error }, 'the sockets of the boxes could not be reopened');
    }
  }
}
