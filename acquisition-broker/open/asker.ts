/** Sends what an open request still wants to know: a READ to all Box 2s, a Command to each Box 3. */

import type { Clock } from '../../common/clock.js';
import type { Command } from '../../proto/messages.js';
import type { Presence } from '../boxes/presence.js';
import type { BoxSender } from '../boxes/sender.js';
import type { BoxAsk, OpenRequest } from './request.js';
import { SharedReads } from './shared-reads.js';

/** A box that subscribes again within this time heard the last Command. */
const HEARD_WITHIN_MS = 1_000;
/** The same for a READ: who subscribed, a Box 2 does not say, and each READ has all of them answer. */
const READ_AGAIN_AFTER_MS = 2_000;
/** Commands sent in one go before other work gets its turn. */
const SENDS_IN_A_ROW = 256;

export interface AskerOptions {
  clock: Clock;
  sender: BoxSender;
  presence: Presence;
  /** our name in the identities of Commands that the broker makes */
  identity: string;
  /** longest window that is asked for, ms */
  maxWindowMs: number;
}

export class Asker {
  readonly #options: AskerOptions;
  readonly #reads: SharedReads;
  sentAgain = 0;

  constructor(options: AskerOptions) {
    this.#options = options;
    this.#reads = new SharedReads(options);
  }

  /** Ends the timer of READs that are due. */
  stop(): void {
    this.#reads.stop();
  }

  /** The first time. READ goes first where it need not wait: every Box 2 hears the Commands too, and its queue has an end. */
  ask(request: OpenRequest, ended: () => boolean): void {
    const { asks, everyone, read } = request;
    if (read && (everyone || [...asks.values()].some((ask) => ask.read))) this.#reads.send(request);
    this.#commandAll(request, ended);
  }

  /** Once more to the boxes that did not answer. */
  askAgain(request: OpenRequest, ended: () => boolean): void {
    const missesBox2 = this.missesBox2(request);
    const waits = [...request.asks.values()].some((ask) => this.#waitsForCommand(ask));
    if (!missesBox2 && !waits) return;
    this.sentAgain += 1;
    if (missesBox2) this.#reads.send(request);
    this.#commandAll(request, ended);
  }

  /** A Box 3 subscribed: it gets at once what it did not hear. */
  askReturned(request: OpenRequest, boxId: number): void {
    const ask = request.asks.get(boxId);
    if (!request.started || ask?.state !== 'waiting' || ask.commandedAt === undefined) return;
    if (ask.heard && this.#options.clock.monotonic() - ask.commandedAt < HEARD_WITHIN_MS) return;
    this.sentAgain += 1;
    this.#command(request, ask);
  }

  /** Box 2s subscribed: a READ that still misses one goes out again. */
  readAgain(request: OpenRequest): void {
    if (!request.started || request.readAt === undefined || !this.missesBox2(request)) return;
    const ageMs = this.#options.clock.monotonic() - request.readAt;
    if (request.readAudience > 0 && ageMs < READ_AGAIN_AFTER_MS) return;
    this.sentAgain += 1;
    this.#reads.send(request);
  }

  /** Whether a Box 2 that was asked has not answered; only then a READ goes out again. */
  missesBox2(request: OpenRequest): boolean {
    if (!request.read) return false;
    const { presence } = this.#options;
    for (const ask of request.asks.values()) {
      if (ask.read && ask.state === 'waiting' && presence.kindOf(ask.boxId) !== 3) return true;
    }
    return this.missesUnnamed(request);
  }

  /** Whether everybody was asked and there are more Box 2s than have answered. */
  missesUnnamed({ everyone, readAnswers }: OpenRequest): boolean {
    return everyone && readAnswers.size < this.#options.presence.box2Connections;
  }

  /** Sends the Commands that have no answer; in portions, so that a thousand boxes do not keep other requests waiting. */
  #commandAll(request: OpenRequest, ended: () => boolean): void {
    const asks = [...request.asks.values()].filter((ask) => this.#waitsForCommand(ask));
    const sendFrom = (from: number): void => {
      if (ended()) return;
      for (const ask of asks.slice(from, from + SENDS_IN_A_ROW)) {
        if (ask.state === 'waiting') this.#command(request, ask);
      }
      if (from + SENDS_IN_A_ROW < asks.length) setImmediate(sendFrom, from + SENDS_IN_A_ROW);
    };
    sendFrom(0);
  }

  /** A Command goes to a box that has not answered, unless it is known to be a Box 2 by now. */
  #waitsForCommand(ask: BoxAsk): boolean {
    if (ask.state !== 'waiting' || ask.seq === undefined) return false;
    return !(ask.read && this.#options.presence.kindOf(ask.boxId) === 2);
  }

  #command(request: OpenRequest, ask: BoxAsk): void {
    const { clock, presence, sender } = this.#options;
    if (ask.seq === undefined) return;
    const command = this.#commandFor(request, ask.boxId, ask.seq);
    if (command === undefined) return;
    ask.commandedAt = clock.monotonic();
    ask.heard = presence.isSubscribed(ask.boxId);
    sender.command(command);
  }

  /** A client's Command goes out as it came, with our sequence number; the broker's own asks for the event's window. */
  #commandFor(request: OpenRequest, boxId: number, seq: number): Command | undefined {
    if (request.command !== undefined) return { ...request.command, seq };
    if (request.window === undefined || request.event === undefined) return undefined;
    const { clock, identity } = this.#options;
    return {
      seq,
      boxId,
      timestampMs: clock.now(),
      identity: `data_${request.event.event.event_id}_${identity}`,
      body: { kind: 'data', startMs: request.window.startMs, endMs: request.window.endMs, wait: false },
    };
  }
}
