/** Sends to Kafka what waits on disk, in order, many records at a time: they leave the outbox when Kafka has them. So a crash repeats some and loses none. */
import { BackOff } from '../../common/backoff.js';
import { type Clock, pause, within } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Running } from '../../common/lifecycle.js';
import type { Logger } from '../../common/log.js';
import { ThrottledLog } from '../../common/throttled-log.js';
import type { KafkaServers } from '../../config/settings.js';
import { formatted } from '../../kafka/format.js';
import type { KafkaProducer } from '../../kafka/producer.js';
import type { State } from '../state/state.js';
import type { Counts } from './counts.js';
import { addressOf } from './news.js';

const AT_ONCE = 500;
const BACK_OFF = { firstMs: 250, maxMs: 10_000 };
/** A stop waits so long for the records that are under way. */
const STOP_MS = 1000;

export interface KafkaSenderOptions {
  state: State;
  servers: Pick<KafkaServers, 'format' | 'topicPrefix'>;
  producer: Pick<KafkaProducer, 'send'>;
  counts: Counts;
  clock: Clock;
  log: Logger;
}

export class KafkaSender implements Running {
  readonly #options: KafkaSenderOptions;
  readonly #log: ThrottledLog;
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;

  constructor(options: KafkaSenderOptions) {
    this.#options = options;
    this.#log = new ThrottledLog(options.log, { clock: options.clock });
    this.#loop = this.#send();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await within(this.#loop, STOP_MS, this.#options.clock);
  }

  async #send(): Promise<void> {
    const { clock, counts, servers, state } = this.#options;
    const { signal } = this.#stopping;
    const backOff = new BackOff(BACK_OFF);
    while (!signal.aborted) {
      const waiting = state.outbox.oldest(AT_ONCE);
      if (waiting.length === 0) {
        await state.outbox.more(clock, signal);
        continue;
      }
      try {
        const records = waiting.map(({ payload, topic }) =>
          formatted(servers, { ...addressOf(topic), value: payload }),
        );
        const refused = await this.#options.producer.send(records);
        if (signal.aborted) return;
        state.together(() => {
          for (const one of waiting) state.outbox.remove(one);
        });
        counts.sent(records, refused);
        backOff.reset();
      } catch (error) {
        if (signal.aborted || codeOf(error) === 'MQTT_STOPPED') return;
        counts.failed(messageOf(error));
        this.#log.warn({ problem: messageOf(error) }, 'Kafka does not take events and incidents: they wait');
        await pause(clock, backOff.next(), signal);
      }
    }
  }
}
