/** Classes without a header, laid over the host's bytes with `changetype`. */
import {
  ABI_CONSTANTS,
  ABI_LOG_LEVELS,
  ABI_RECORDS,
  ABI_SETTING_KINDS,
  ABI_TRIGGER_TYPES,
  ABI_VERSION,
  BATCH_BYTES,
  BOX_INFO_BYTES,
} from '../abi.js';
import { GENERATED } from './text.js';

export function generateAssemblyScript(): string {
  const records = ABI_RECORDS.map((record) => {
    const fields = record.fields.map((f) => `  /** ${f.doc} (byte ${f.offset}) */\n  ${f.name}: ${f.type};`);
    return `/** ${record.doc} ${record.bytes} bytes. */\n@unmanaged\nexport class ${record.name} {\n${fields.join('\n')}\n}`;
  });
  const sizes = ABI_RECORDS.map((r) => `export const ${constant(r.name)}_BYTES: u32 = ${r.bytes};`);
  const triggers = Object.entries(ABI_TRIGGER_TYPES).map(
    ([name, n]) => `export const TRIGGER_${name}: u8 = ${n};`,
  );
  const kinds = Object.entries(ABI_SETTING_KINDS).map(
    ([name, n]) => `export const SETTING_${name}: u8 = ${n};`,
  );
  const others = Object.entries(ABI_CONSTANTS).flatMap(([prefix, numbers]) => [
    ...Object.entries(numbers).map(([name, n]) => `export const ${prefix}_${name}: u8 = ${n};`),
    '',
  ]);
  const levels = ABI_LOG_LEVELS.map((name, n) => `export const LOG_${name.toUpperCase()}: i32 = ${n};`);
  return `// ${GENERATED}

export const ABI_VERSION: i32 = ${ABI_VERSION};
export const BATCH_BYTES: u32 = ${BATCH_BYTES};
export const BOX_INFO_MAX_BYTES: u32 = ${BOX_INFO_BYTES};
${[...sizes, '', ...triggers, '', ...kinds, '', ...others, ...levels].join('\n')}

${records.join('\n\n')}
`;
}

function constant(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
