/** How a box hears and answers: the loop over its command socket, its polls, and reopening the socket when it is silent. */
import type { Logger } from '../common/log.js';
import type { Clock } from './clock.js';
import type { Dialect } from './frames.js';
import type { BoxSockets } from './sockets.js';

interface InboxOptions {
  clock: Clock;
  sockets: BoxSockets;
  dialect: Dialect;
  /** before a command is answered: takes in the cycles that are due */
  before(): void;
  /** after it: a command may have moved the next measurement */
  after(): void;
  log: Logger;
  killed(reason: string): void;
}

/** Commands waiting for the next poll: libzmq's default queue; later ones are dropped, as there. */
const WAITING = 1000;

export class Inbox {
  readonly counts = { commands: 0, replies: 0, ignored: 0, renewals: 0 };
  /** Resolved when the loop has ended after `stop`. */
  readonly stopped: Promise<void>;
  readonly #options: InboxOptions;
  readonly #startedMs: number;
  #waiting: Uint8Array[][] = [];
  #cancelPoll: (() => void) | undefined;
  #cancelRenewal: () => void = () => undefined;
  /** answers go out one after another; a full queue holds up the next, as PUSH does in existing boxes */
  #answering: Promise<void> = Promise.resolve();
  #running = true;
  #silentSince: number;
  #silence = 0;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#startedMs = options.clock.now();
    this.#silentSince = this.#startedMs;
    this.stopped = this.#listen();
    this.#watchSilence();
  }

  stop(): void {
    this.#running = false;
    this.#cancelPoll?.();
    this.#cancelRenewal();
  }

  async #listen(): Promise<void> {
    while (this.#running) {
      // a renewed socket ends the loop over the old one
      const socket = this.#options.sockets.commands;
      try {
        for await (const frames of socket) this.#heard(frames);
      } catch (error) {
        if (this.#running && !socket.closed) throw error;
      }
    }
    await this.#answering;
  }

  #heard(frames: Uint8Array[]): void {
    this.counts.commands += 1;
    const { clock, dialect } = this.#options;
    const now = clock.now();
    this.#silence = dialect.renewal.resetByMessage ? 0 : this.#silence + now - this.#silentSince;
    this.#silentSince = now;
    if (this.#waiting.length < WAITING) this.#waiting.push(frames);
    if (dialect.pollMs === 0) this.#answerAll();
    else this.#cancelPoll ??= clock.at(this.#nextPoll(now), () => this.#answerAll());
  }

  /** Polls come at fixed times after the start, whether there is something or not; only those that find something cost a timer. */
  #nextPoll(now: number): number {
    const { pollMs } = this.#options.dialect;
    return this.#startedMs + (Math.floor((now - this.#startedMs) / pollMs) + 1) * pollMs;
  }

  #answerAll(): void {
    this.#cancelPoll = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#answering = this.#answering.then(async () => {
      for (const frames of waiting) if (this.#running) await this.#answer(frames);
    });
  }

  async #answer(frames: Uint8Array[]): Promise<void> {
    const { dialect, sockets, log } = this.#options;
    try {
      this.#options.before();
      const answer = dialect.answer(frames);
      this.#options.after();
      if (answer.kind === 'ignored') this.counts.ignored += 1;
      if (answer.kind === 'killed') this.#options.killed(answer.reason);
      if (answer.kind !== 'reply') return;
      await sockets.replies.send(answer.frames);
      this.counts.replies += 1;
    } catch (error) {
      // a socket closed while the reply waited for room: the box was stopped, or a Box 3 renewed its sockets
      if (this.#running) log.warn({ err: error }, 'a command without an answer');
    }
  }

  #watchSilence(): void {
    const { clock, dialect, sockets } = this.#options;
    const { afterMs, alsoReplies } = dialect.renewal;
    const due = this.#silentSince + afterMs - this.#silence;
    this.#cancelRenewal = clock.at(due, () => {
      const now = clock.now();
      if (this.#silence + now - this.#silentSince >= afterMs) {
        sockets.renew(alsoReplies);
        this.counts.renewals += 1;
        this.#silence = 0;
        this.#silentSince = now;
      }
      this.#watchSilence();
    });
  }
}
