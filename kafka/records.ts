/** What goes to Kafka: topics, and measurements as records (docs/kafka.md). */
import { flagNames, METRIC_FIELD, METRICS, type MeasurementColumns } from '../proto/columns.js';
import type { MeasurementDocument } from '../store/documents.js';

export interface KafkaRecord {
  topic: string;
  /** id of the box: records of one box keep their order */
  key: string;
  /** JSON, or a message of proto/kafka.proto */
  value: string | Uint8Array;
}

export const KAFKA_TOPICS = ['measurements', 'trends', 'events', 'incidents'] as const;
export type KafkaTopic = (typeof KAFKA_TOPICS)[number];

/** Seven digits are all that a float32 has. */
const short = (value: number): number => Number(value.toPrecision(7));

/**
 * @param topic with its prefix
 * @param encode makes the value of a record
 */
export function measurementRecords(
  columns: MeasurementColumns,
  topic: string,
  encode: (document: object) => string | Uint8Array = (document) => JSON.stringify(document),
): KafkaRecord[] {
  return Array.from({ length: columns.count }, (_, row) => {
    const document = documentOf(columns, row);
    return { topic, key: document.box_id, value: encode(document) };
  });
}

function documentOf(columns: MeasurementColumns, row: number): Omit<MeasurementDocument, 'expire_at'> {
  const document: Omit<MeasurementDocument, 'expire_at'> = {
    box_id: String(columns.boxId[row] ?? 0),
    timestamp_ms: Math.floor(columns.timestampMs[row] ?? 0),
  };
  const extremes: NonNullable<MeasurementDocument['extremes']> = {};
  for (const metric of METRICS) {
    const average = columns[metric].average[row] ?? Number.NaN;
    if (Number.isNaN(average)) continue;
    const field = METRIC_FIELD[metric];
    document[field] = short(average);
    const min = columns[metric].min[row] ?? average;
    const max = columns[metric].max[row] ?? average;
    if (min !== average || max !== average) extremes[field] = { min: short(min), max: short(max) };
  }
  if (Object.keys(extremes).length > 0) document.extremes = extremes;
  const invalid = columns.invalid[row] ?? 0;
  if (invalid !== 0)
    document.invalid = METRICS.filter((_, bit) => invalid & (1 << bit)).map((metric) => METRIC_FIELD[metric]);
  const flags = columns.flags[row] ?? 0;
  if (flags !== 0) document.flagged = flagNames(flags);
  return document;
}
