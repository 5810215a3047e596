/** Records for Kafka as messages of kafka.proto: documents whose fields have the names of the messages. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import protobuf from 'protobufjs';
import { PACKAGE_ROOT } from '../common/package-root.js';

const MESSAGES = {
  measurements: 'Measurement',
  trends: 'Trend',
  events: 'Event',
  incidents: 'Incident',
} as const;
export type KafkaMessage = keyof typeof MESSAGES;

let types: Readonly<Record<KafkaMessage, protobuf.Type>> | undefined;

/** Read once, when it is needed first. */
function typeOf(name: KafkaMessage): protobuf.Type {
  if (types === undefined) {
    const root = new protobuf.Root();
    const text = readFileSync(path.join(PACKAGE_ROOT, 'proto', 'kafka.proto'), 'utf8');
    protobuf.parse(text, root, { keepCase: true });
    root.resolveAll();
    const of = (one: KafkaMessage): protobuf.Type => root.lookupType(`makai.kafka.${MESSAGES[one]}`);
    types = {
      measurements: of('measurements'),
      trends: of('trends'),
      events: of('events'),
      incidents: of('incidents'),
    };
  }
  return types[name];
}

/** @param document a record as docs/kafka.md has it in JSON; what the message has no field for is left out */
export function encodeKafka(name: KafkaMessage, document: object): Uint8Array {
  const { metadata, ...rest } = document as Record<string, unknown>;
  return typeOf(name)
    .encode(metadata === undefined ? rest : { ...rest, metadata_json: JSON.stringify(metadata) })
    .finish();
}
