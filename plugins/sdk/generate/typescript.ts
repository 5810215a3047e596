/** The host's side: columns → measurement records, records of the plugin → plain objects, setting and box → records. */
import {
  ABI_TYPE_BYTES,
  type AbiField,
  type AbiRecord,
  type AbiType,
  BOX_INFO_RECORD,
  EVENT_REQUEST_RECORD,
  INCIDENT_RECORD,
  MEASUREMENT_RECORD,
  SETTING_RECORD,
} from '../abi.js';
import { GENERATED } from './text.js';

const VIEW: Record<AbiType, string> = {
  f64: 'Float64',
  f32: 'Float32',
  u32: 'Uint32',
  u16: 'Uint16',
  u8: 'Uint8',
};

function littleEndian(type: AbiType): string {
  return ABI_TYPE_BYTES[type] > 1 ? ', true' : '';
}

function plus(offset: number): string {
  return offset === 0 ? 'at' : `at + ${offset}`;
}

export function generateTypeScript(): string {
  const columns = [...new Set(MEASUREMENT_RECORD.fields.flatMap((f) => f.column?.split('.')[0] ?? []))];
  const writes = MEASUREMENT_RECORD.fields.map((f) => {
    const value = f.column === undefined ? '0' : `${f.column}[i] ?? 0`;
    return `    view.set${VIEW[f.type]}(${plus(f.offset)}, ${value}${littleEndian(f.type)});`;
  });
  return `/** ${GENERATED} */
import type { MeasurementColumns } from '../../proto/columns.js';

/** Writes ${'`count`'} measurements as records of ${MEASUREMENT_RECORD.bytes} bytes, beginning at byte ${'`at`'}. */
export function writeMeasurementRecords(view: DataView, start: number, columns: MeasurementColumns, count: number): void {
  const { ${columns.join(', ')} } = columns;
  for (let i = 0, at = start; i < count; i++, at += ${MEASUREMENT_RECORD.bytes}) {
${writes.join('\n')}
  }
}

${[reader(EVENT_REQUEST_RECORD), reader(INCIDENT_RECORD), writer(BOX_INFO_RECORD), writer(SETTING_RECORD)].join('\n')}`;
}

/** A record that the plugin writes. */
function reader(record: AbiRecord): string {
  const fields = record.fields.filter((f) => !isUnused(f.name));
  const reads = fields.map(
    (f) => `    ${f.name}: view.get${VIEW[f.type]}(${plus(f.offset)}${littleEndian(f.type)}),`,
  );
  return `/** ${record.doc} Addresses are not checked. */
export interface ${record.name}Record {
${typesOf(fields)}
}

/** Reads the record of ${record.bytes} bytes at byte \`at\`. */
export function read${record.name}Record(view: DataView, at: number): ${record.name}Record {
  return {
${reads.join('\n')}
  };
}
`;
}

/** A record that the host writes. */
function writer(record: AbiRecord): string {
  const fields = record.fields.filter((f) => !isUnused(f.name));
  const writes = fields.map(
    (f) => `  view.set${VIEW[f.type]}(${plus(f.offset)}, record.${f.name}${littleEndian(f.type)});`,
  );
  return `/** ${record.doc} */
export interface ${record.name}Record {
${typesOf(fields)}
}

/** Writes the ${record.bytes} bytes at byte \`at\` of memory that is zero. */
export function write${record.name}Record(view: DataView, at: number, record: ${record.name}Record): void {
${writes.join('\n')}
}
`;
}

function typesOf(fields: readonly AbiField[]): string {
  return fields.map((f) => `  /** ${f.doc} */\n  ${f.name}: number;`).join('\n');
}

/** Fields that the host leaves at 0. */
function isUnused(name: string): boolean {
  return name.startsWith('reserved') || name === 'read';
}
