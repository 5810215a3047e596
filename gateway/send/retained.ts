/** States that the broker keeps, each under a topic of its own: only the newest of a topic matters. All are published again at each connection. */
import { codeOf } from '../../common/errors.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { Link } from '../mqtt/link.js';

/** Topics: a hundred thousand boxes, and what else there is. */
const MOST = 250_000;
/** Under way at the same time. */
const WINDOW = 20;

export class RetainedSender {
  readonly #link: Link;
  readonly #log: ThrottledLog;
  readonly #payloads = new Map<string, string>();
  readonly #changed = new Set<string>();
  #underWay = 0;
  published = 0;

  constructor(link: Link, log: Logger) {
    this.#link = link;
    this.#log = new ThrottledLog(log);
    link.onConnected(() => {
      // Those published last were changed last.
      for (const topic of this.#payloads.keys()) this.#changed.add(topic);
      this.#send();
    });
  }

  get waiting(): number {
    return this.#changed.size;
  }

  /** @param payload undefined: the broker is to forget the topic */
  put(topic: string, payload: object | undefined): void {
    const text = payload === undefined ? '' : JSON.stringify(payload);
    if (this.#payloads.get(topic) === text) return;
    if (!this.#payloads.has(topic) && this.#payloads.size >= MOST) {
      this.#log.warn({ topics: MOST }, 'too many retained topics: the state of a new one is not published');
      return;
    }
    this.#payloads.set(topic, text);
    this.#changed.add(topic);
    this.#send();
  }

  #send(): void {
    if (!this.#link.status().connected) return;
    for (const topic of this.#changed) {
      if (this.#underWay >= WINDOW) return;
      this.#changed.delete(topic);
      this.#underWay += 1;
      void this.#publish(topic);
    }
  }

  async #publish(topic: string): Promise<void> {
    const payload = this.#payloads.get(topic) ?? '';
    try {
      await this.#link.publish({ topic, payload, retain: true });
      this.published += 1;
    } catch (error) {
      if (codeOf(error) !== 'MQTT_STOPPED')
        this.#log.warn({ err: error, topic }, 'a state could not be published: again at the next connection');
    } finally {
      this.#underWay -= 1;
    }
    if (payload === '' && this.#payloads.get(topic) === '') this.#payloads.delete(topic);
    this.#send();
  }
}
