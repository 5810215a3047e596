/** Our tables as Parquet schemas. */
import type { SchemaElement } from 'hyparquet';
import type { Column, LeafType } from './tables.js';

type Leaf = Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type'>;

const UTC = { type: 'TIMESTAMP', isAdjustedToUTC: true } as const;

/** Both kinds of type annotation: older readers know only the converted one. */
const LEAVES: Readonly<Record<LeafType, Leaf>> = {
  // The library writes the logical type INTEGER as no reader takes it; the converted one says the same.
  int16: { type: 'INT32', converted_type: 'INT_16' },
  int32: { type: 'INT32' },
  int64: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } },
  timestamp_ms: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { ...UTC, unit: 'MILLIS' },
  },
  timestamp_us: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { ...UTC, unit: 'MICROS' },
  },
};

export function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(elementsOf)];
}

function elementsOf(column: Column): SchemaElement[] {
  const { name } = column;
  const repetition_type = column.optional ? 'OPTIONAL' : 'REQUIRED';
  if ('fields' in column) {
    const group = { name, repetition_type, num_children: column.fields.length } as const;
    return [group, ...column.fields.flatMap(elementsOf)];
  }
  if (!column.list) return [{ name, repetition_type, ...LEAVES[column.type] }];
  return [
    { name, repetition_type, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', ...LEAVES[column.type] },
  ];
}

export const isInteger = (type: LeafType): boolean => type.startsWith('int') || type.startsWith('timestamp');
