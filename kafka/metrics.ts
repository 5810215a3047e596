/** What a daemon's metrics say of what it sends to Kafka. */
import type { Metrics } from '../common/metrics/metrics.js';

/** What both daemons with the setting `kafka` have in `/status`. */
export interface KafkaStatus {
  /** false from a failure until Kafka takes records again */
  up: boolean;
  /** records that Kafka has acknowledged since the start, by topic without its prefix */
  sent: Record<string, number>;
  failures: number;
  last_error?: string | undefined;
  /** records that did not get to Kafka, by reason */
  dropped: Record<string, number>;
  /** what waits on disk */
  queue: { records: number; bytes: number; max_bytes: number };
}

/** @param status undefined without the setting `kafka` */
export function addKafkaMetrics(metrics: Metrics, status: () => KafkaStatus | undefined): void {
  const up = (): number | undefined => {
    const now = status();
    return now && Number(now.up);
  };
  metrics.gauge('makai_kafka_up', up);
  metrics.counter('makai_kafka_records_total', () => status()?.sent);
  metrics.counter('makai_kafka_failures_total', () => status()?.failures);
  metrics.counter('makai_kafka_dropped_total', () => status()?.dropped);
  metrics.gauge('makai_kafka_queue_records', () => status()?.queue.records);
  metrics.gauge('makai_kafka_queue_bytes', () => status()?.queue.bytes);
}
