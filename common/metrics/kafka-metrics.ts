/** Metrics of what goes to Kafka: only where the settings have `kafka`. */
import { GW, type MetricInfo, TS } from './metric-info.js';

export const KAFKA_METRICS = {
  makai_kafka_up: {
    type: 'gauge',
    help: 'Whether Kafka takes records (1, or 0 from a failure until it takes some again); only where the settings have `kafka`.',
    daemons: [TS, GW],
  },
  makai_kafka_records_total: {
    type: 'counter',
    help: 'Records that Kafka has acknowledged, by topic: `measurements`, `trends`, `events`, `incidents`.',
    labels: ['topic'],
    daemons: [TS, GW],
  },
  makai_kafka_failures_total: {
    type: 'counter',
    help: 'Times that records could not be sent to Kafka; they are sent again.',
    daemons: [TS, GW],
  },
  makai_kafka_dropped_total: {
    type: 'counter',
    help: 'Records that did not get to Kafka, by reason: `queue_full`, `disk_unavailable`, `damaged` (measurements only), `refused` (larger than Kafka allows).',
    labels: ['reason'],
    daemons: [TS, GW],
  },
  makai_kafka_queue_records: {
    type: 'gauge',
    help: 'Records that wait on disk for Kafka.',
    daemons: [TS, GW],
  },
  makai_kafka_queue_bytes: {
    type: 'gauge',
    help: 'Size of what waits on disk for Kafka.',
    unit: 'bytes',
    daemons: [TS, GW],
  },
} as const satisfies Record<string, MetricInfo>;
