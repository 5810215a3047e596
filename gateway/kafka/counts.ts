/** What became of records for Kafka, in `/status` and metrics. */
import type { KafkaStatus } from '../../kafka/metrics.js';
import { KAFKA_TOPICS, type KafkaRecord } from '../../kafka/records.js';

export class Counts {
  readonly #prefix: string;
  readonly #sent = new Map<string, number>(
    KAFKA_TOPICS.filter((name) => name !== 'measurements').map((name) => [name, 0]),
  );
  #refused = 0;
  #failures = 0;
  #lastError: string | undefined;

  /** @param prefix of topics */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** @param refused of these, those that Kafka never takes */
  sent(records: readonly Pick<KafkaRecord, 'topic'>[], refused: number): void {
    for (const { topic } of records) {
      const name = topic.slice(this.#prefix.length);
      this.#sent.set(name, (this.#sent.get(name) ?? 0) + 1);
    }
    this.#refused += refused;
    this.#lastError = undefined;
  }

  failed(problem: string): void {
    this.#failures += 1;
    this.#lastError = problem;
  }

  status(): Omit<KafkaStatus, 'queue'> {
    return {
      up: this.#lastError === undefined,
      sent: Object.fromEntries(this.#sent),
      failures: this.#failures,
      last_error: this.#lastError,
      dropped: { refused: this.#refused },
    };
  }
}
