/** The value of a record: JSON, or a message of proto/kafka.proto. */
import type { KafkaServers } from '../config/settings.js';
import { encodeKafka } from '../proto/kafka.js';
import { KAFKA_TOPICS, type KafkaRecord, type KafkaTopic } from './records.js';

export type KafkaFormat = KafkaServers['format'];

export function recordValue(format: KafkaFormat, topic: KafkaTopic, document: object): string | Uint8Array {
  return format === 'json' ? JSON.stringify(document) : encodeKafka(topic, document);
}

/** A record whose document waited as JSON. @param record.topic with its prefix */
export function formatted(
  { format, topicPrefix }: Pick<KafkaServers, 'format' | 'topicPrefix'>,
  record: { topic: string; key: string; value: string },
): KafkaRecord {
  const topic = KAFKA_TOPICS.find((name) => record.topic === `${topicPrefix}${name}`);
  if (format === 'json' || topic === undefined) return record;
  const document: unknown = JSON.parse(record.value);
  if (typeof document !== 'object' || document === null) return record;
  return { ...record, value: recordValue(format, topic, document) };
}
