/** Live values: a bounded number of messages and bytes waits in memory, beyond it the oldest are dropped and counted. */
import { codeOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { Link, Outgoing } from '../mqtt/link.js';
import { ByteQueue, bytesOf } from './byte-queue.js';

/** Those that wait, and again those under way: a broker may send messages of 10 MB. */
export const MAX_BYTES = 32 * 2 ** 20;

export class ValueSender {
  readonly #link: Link;
  readonly #log: ThrottledLog;
  readonly #most: number;
  readonly #queue = new ByteQueue();
  #underWay = 0;
  #bytesUnderWay = 0;
  published = 0;
  dropped = 0;
  refused = 0;

  /** @param most messages that wait */
  constructor(link: Link, most: number, log: Logger) {
    this.#link = link;
    this.#log = new ThrottledLog(log);
    this.#most = Math.max(1, most);
    link.onConnected(() => this.#send());
  }

  get waiting(): number {
    return this.#queue.size;
  }

  put(message: Outgoing): void {
    const bytes = bytesOf(message);
    if (bytes > MAX_BYTES) {
      this.dropped += 1;
      return;
    }
    if (this.#queue.size === 0 && this.#maySend()) {
      void this.#publish(message, bytes);
      return;
    }
    while (this.#queue.size >= this.#most || this.#queue.bytes + bytes > MAX_BYTES) {
      this.#queue.drop();
      this.dropped += 1;
    }
    this.#queue.put(message);
  }

  #maySend(): boolean {
    return (
      this.#underWay < this.#link.window && this.#bytesUnderWay <= MAX_BYTES && this.#link.status().connected
    );
  }

  #send(): void {
    while (this.#queue.size > 0 && this.#maySend()) {
      const message = this.#queue.take();
      if (message !== undefined) void this.#publish(message, bytesOf(message));
    }
  }

  async #publish(message: Outgoing, bytes: number): Promise<void> {
    this.#underWay += 1;
    this.#bytesUnderWay += bytes;
    try {
      await this.#link.publish(message);
      this.published += 1;
    } catch (error) {
      if (codeOf(error) === 'MQTT_STOPPED') return;
      this.refused += 1;
      this.#log.warn({ err: error }, 'live values are refused by the MQTT broker');
    } finally {
      this.#underWay -= 1;
      this.#bytesUnderWay -= bytes;
    }
    this.#send();
  }
}
