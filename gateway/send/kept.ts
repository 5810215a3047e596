/**
 * Publishes what waits on disk, in order, one message at a time: it leaves the outbox when the broker has confirmed it. So a crash in between repeats one
 * message and loses none.
 */
import { BackOff } from '../../common/backoff.js';
import { type Clock, pause, within } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { Link } from '../mqtt/link.js';
import type { Outbox, WaitingMessage } from '../state/outbox.js';

const BACK_OFF = { firstMs: 500, maxMs: 30_000 };
/** Where the disk does not take that a message was published. */
const RECORD_PAUSE_MS = 5000;
/** What rules publish is dropped when the broker has refused it so often: it may forbid their topics for good. Our own topics wait. */
const MAX_REFUSALS = 10;
const OURS = 'makai/';
/** A stop waits so long for the message that is under way. */
const STOP_MS = 1000;

export interface KeptStatus {
  published: number;
  /** times the broker refused a message; it is sent again, after the others */
  refused: number;
  /** messages of rules that it refused ten times */
  dropped: number;
  /** why it refused the last one; undefined: it has taken one since */
  reason?: string | undefined;
}

export class KeptSender implements Running {
  readonly #outbox: Outbox;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #log: ThrottledLog;
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;
  #ended = false;
  #published = 0;
  #refused = 0;
  #dropped = 0;
  /** by message, how often it was refused */
  readonly #refusals = new Map<number, number>();
  #reason: string | undefined;

  constructor({ clock, link, log, outbox }: { outbox: Outbox; link: Link; clock: Clock; log: Logger }) {
    this.#outbox = outbox;
    this.#link = link;
    this.#clock = clock;
    this.#log = new ThrottledLog(log, { clock });
    this.#loop = this.#send();
  }

  status(): KeptStatus {
    return {
      published: this.#published,
      refused: this.#refused,
      dropped: this.#dropped,
      reason: this.#reason,
    };
  }

  /** A message that is under way and not confirmed in time is published again after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await within(this.#loop, STOP_MS, this.#clock);
    this.#ended = true;
  }

  async #send(): Promise<void> {
    const { signal } = this.#stopping;
    const backOff = new BackOff(BACK_OFF);
    while (!signal.aborted) {
      const message = this.#outbox.first();
      if (message === undefined) {
        await this.#outbox.more(this.#clock, signal);
        continue;
      }
      try {
        await this.#link.publish(message);
      } catch (error) {
        if (codeOf(error) === 'MQTT_STOPPED') return;
        this.#refused += 1;
        this.#reason = messageOf(error);
        this.#log.error({ err: error, topic: message.topic }, 'a message could not be published: sent again');
        if (codeOf(error) === 'MQTT_REFUSED') await this.#record(() => this.#behind(message));
        await pause(this.#clock, backOff.next(), signal);
        continue;
      }
      await this.#record(() => this.#outbox.remove(message));
      this.#refusals.delete(message.id);
      this.#published += 1;
      this.#reason = undefined;
      backOff.reset();
    }
  }

  /** A message that the broker does not take, such as one on a topic that it forbids, holds up no other. */
  #behind(message: WaitingMessage): void {
    const times = (this.#refusals.get(message.id) ?? 0) + 1;
    if (times >= MAX_REFUSALS && !message.topic.startsWith(OURS)) {
      this.#outbox.remove(message);
      this.#dropped += 1;
    } else this.#refusals.set(this.#outbox.toEnd(message).id, times);
    this.#refusals.delete(message.id);
  }

  /** Until the disk takes it: a message that was published must not be published again for that. */
  async #record(work: () => void): Promise<void> {
    while (!this.#ended) {
      try {
        return work();
      } catch (err) {
        this.#log.error({ err }, 'what became of a message could not be recorded, it is tried again');
        await pause(this.#clock, RECORD_PAUSE_MS, this.#stopping.signal);
        // A stop does not wait for the disk.
        if (this.#stopping.signal.aborted) return;
      }
    }
  }
}
