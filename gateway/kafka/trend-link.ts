/** Takes trends one by one and sends together those that came while others were under way. */
import { messageOf } from '../../common/errors.js';
import type { KafkaServers } from '../../config/settings.js';
import { formatted } from '../../kafka/format.js';
import type { KafkaProducer } from '../../kafka/producer.js';
import type { KafkaRecord } from '../../kafka/records.js';
import type { Outgoing } from '../mqtt/link.js';
import type { Counts } from './counts.js';
import { addressOf } from './news.js';

interface Waiting {
  record: KafkaRecord;
  resolve(): void;
  reject(error: unknown): void;
}

export class TrendLink {
  readonly #producer: Pick<KafkaProducer, 'send'>;
  readonly #counts: Counts;
  readonly #servers: Pick<KafkaServers, 'format' | 'topicPrefix'>;
  #waiting: Waiting[] = [];
  #isSending = false;

  constructor(
    producer: Pick<KafkaProducer, 'send'>,
    servers: Pick<KafkaServers, 'format' | 'topicPrefix'>,
    counts: Counts,
  ) {
    this.#servers = servers;
    this.#producer = producer;
    this.#counts = counts;
  }

  /** Whether Kafka is there is known only by sending. */
  status(): { connected: boolean } {
    return { connected: true };
  }

  /** Fulfilled when Kafka has it, or never takes it. @throws MakaiError KAFKA_UNAVAILABLE */
  publish({ payload, topic }: Outgoing): Promise<void> {
    return new Promise((resolve, reject) => {
      const record = formatted(this.#servers, { ...addressOf(topic), value: payload.toString() });
      this.#waiting.push({ record, resolve, reject });
      if (!this.#isSending) void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      // Those of the same page come in the same turn.
      await new Promise(setImmediate);
      const some = this.#waiting.splice(0);
      const records = some.map(({ record }) => record);
      try {
        this.#counts.sent(records, await this.#producer.send(records));
        for (const { resolve } of some) resolve();
      } catch (error) {
        this.#counts.failed(messageOf(error));
        for (const { reject } of some) reject(error);
      }
    }
    this.#isSending = false;
  }
}
