/** How a box receives commands and replies: the loop over its command socket, its polls, and reopening the socket after silence. */
import type { Logger } from '../common/log.js';
import { Turn } from '../common/turn.js';
import type { Clock } from './clock.js';
import type { Dialect } from './frames.js';
import type { BoxSockets } from './sockets.js';

interface CommandLoopOptions {
  clock: Clock;
  sockets: BoxSockets;
  dialect: Dialect;
  /** called before a command is handled: adds the cycles that are due */
  before(): void;
  /** called after a command: it may have changed the time of the next measurement */
  after(): void;
  log: Logger;
  killed(reason: string): void;
}

/** Max number of commands that wait for the next poll, as in libzmq's default queue. Later ones are dropped, as libzmq does. */
const WAITING = 1000;

export class CommandLoop {
  readonly counts = { commands: 0, replies: 0, ignored: 0, reopened: 0 };
  /** Resolves when the loop has ended after `stop`. */
  readonly stopped: Promise<void>;
  readonly #options: CommandLoopOptions;
  readonly #startedMs: number;
  #waiting: Uint8Array[][] = [];
  #cancelPoll: (() => void) | undefined;
  #cancelReopening: () => void = () => undefined;
  /** replies are sent one after another; a full queue delays the next one, as in existing boxes (PUSH) */
  readonly #handling = new Turn();
  #running = true;
  #silentSince: number;
  #silence = 0;

  constructor(options: CommandLoopOptions) {
    this.#options = options;
    this.#startedMs = options.clock.now();
    this.#silentSince = this.#startedMs;
    this.stopped = this.#listen();
    this.#watchSilence();
  }

  stop(): void {
    this.#running = false;
    this.#cancelPoll?.();
    this.#cancelReopening();
  }

  async #listen(): Promise<void> {
    while (this.#running) {
      // reopening the socket ends the loop over the old one
      const socket = this.#options.sockets.commands;
      try {
        for await (const frames of socket) this.#received(frames);
      } catch (error) {
        if (this.#running && !socket.closed) throw error;
      }
    }
    // Until the last reply is sent, or given up.
    await this.#handling.run(async () => undefined);
  }

  #received(frames: Uint8Array[]): void {
    this.counts.commands += 1;
    const { clock, dialect } = this.#options;
    const now = clock.now();
    this.#silence = dialect.reopening.restartedByMessage ? 0 : this.#silence + now - this.#silentSince;
    this.#silentSince = now;
    if (this.#waiting.length < WAITING) this.#waiting.push(frames);
    if (dialect.pollMs === 0) this.#handleAll();
    else this.#cancelPoll ??= clock.at(this.#nextPoll(now), () => this.#handleAll());
  }

  /** Polls happen at fixed times after the start. A timer is set only when a command waits. */
  #nextPoll(now: number): number {
    const { pollMs } = this.#options.dialect;
    return this.#startedMs + (Math.floor((now - this.#startedMs) / pollMs) + 1) * pollMs;
  }

  #handleAll(): void {
    this.#cancelPoll = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    void this.#handling.run(async () => {
      for (const frames of waiting) if (this.#running) await this.#handle(frames);
    });
  }

  async #handle(frames: Uint8Array[]): Promise<void> {
    const { dialect, sockets, log } = this.#options;
    try {
      this.#options.before();
      const reaction = dialect.reactTo(frames);
      this.#options.after();
      if (reaction.kind === 'ignored') this.counts.ignored += 1;
      if (reaction.kind === 'killed') this.#options.killed(reaction.reason);
      if (reaction.kind !== 'reply') return;
      await sockets.replies.send(reaction.frames);
      this.counts.replies += 1;
    } catch (error) {
      // the socket was closed while the reply waited for space in the queue: the box was stopped, or a Box 3 reopened its sockets
      if (this.#running) log.warn({ err: error }, 'reply not sent');
    }
  }

  #watchSilence(): void {
    const { clock, dialect, sockets } = this.#options;
    const { afterMs, withReplies } = dialect.reopening;
    const due = this.#silentSince + afterMs - this.#silence;
    this.#cancelReopening = clock.at(due, () => {
      const now = clock.now();
      if (this.#silence + now - this.#silentSince >= afterMs) {
        sockets.reopen(withReplies);
        this.counts.reopened += 1;
        this.#silence = 0;
        this.#silentSince = now;
      }
      this.#watchSilence();
    });
  }
}
