/** The host's side: columns → measurement records, event request record → plain object, setting → record. */
import {
  ABI_TYPE_BYTES,
  type AbiType,
  EVENT_REQUEST_RECORD,
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
  const request = EVENT_REQUEST_RECORD.fields.filter((f) => !f.name.startsWith('reserved'));
  const types = request.map((f) => `  /** ${f.doc} */\n  ${f.name}: number;`);
  const reads = request.map(
    (f) => `    ${f.name}: view.get${VIEW[f.type]}(${plus(f.offset)}${littleEndian(f.type)}),`,
  );
  const setting = SETTING_RECORD.fields.filter((f) => !isUnused(f.name));
  const settingTypes = setting.map((f) => `  /** ${f.doc} */\n  ${f.name}: number;`);
  const settingWrites = setting.map(
    (f) => `  view.set${VIEW[f.type]}(${plus(f.offset)}, setting.${f.name}${littleEndian(f.type)});`,
  );
  return `/** ${GENERATED} */
import type { MeasurementColumns } from '../../proto/columns.js';

/** Writes ${'`count`'} measurements as records of ${MEASUREMENT_RECORD.bytes} bytes, beginning at byte ${'`at`'}. */
export function writeMeasurementRecords(view: DataView, start: number, columns: MeasurementColumns, count: number): void {
  const { ${columns.join(', ')} } = columns;
  for (let i = 0, at = start; i < count; i++, at += ${MEASUREMENT_RECORD.bytes}) {
${writes.join('\n')}
  }
}

/** ${EVENT_REQUEST_RECORD.doc} Addresses are not checked. */
export interface EventRequestRecord {
${types.join('\n')}
}

/** Reads the record of ${EVENT_REQUEST_RECORD.bytes} bytes at byte ${'`at`'}. */
export function readEventRequestRecord(view: DataView, at: number): EventRequestRecord {
  return {
${reads.join('\n')}
  };
}

/** ${SETTING_RECORD.doc} */
export interface SettingRecord {
${settingTypes.join('\n')}
}

/** Writes the head of ${SETTING_RECORD.bytes} bytes at byte ${'`at`'} of memory that is zero. */
export function writeSettingRecord(view: DataView, at: number, setting: SettingRecord): void {
${settingWrites.join('\n')}
}
`;
}

/** Fields that the host leaves at 0. */
function isUnused(name: string): boolean {
  return name.startsWith('reserved') || name === 'read';
}
