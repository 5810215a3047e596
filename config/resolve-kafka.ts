/** From the fields of `kafka` to its settings. */
import { camelCased } from './camel-case.js';
import type { ConfigOf } from './kinds.js';
import type { KafkaMeasurementSettings, KafkaServers } from './settings.js';

export function kafkaServers({
  brokers,
  format,
  sasl,
  tls,
  topic_prefix,
}: NonNullable<ConfigOf['gateway']['kafka']>): KafkaServers {
  return { brokers, tls, sasl: sasl && camelCased(sasl), topicPrefix: topic_prefix, format };
}

export function kafkaMeasurements(
  fields: NonNullable<ConfigOf['triggering-service']['kafka']>,
): KafkaMeasurementSettings {
  return { ...kafkaServers(fields), queue: camelCased(fields.queue) };
}
