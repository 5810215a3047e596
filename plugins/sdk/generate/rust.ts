/**
 * `#[repr(C)]` structs whose layout the compiler checks. `repr(C)` keeps the order of the fields, and they lie in the table one after the
 * other without a gap: so a size that is the sum of theirs means that each is in its place. (`offset_of!` is newer than Debian's rustc.)
 */
import {
  ABI_CONSTANTS,
  ABI_LOG_LEVELS,
  ABI_RECORDS,
  ABI_SETTING_KINDS,
  ABI_TRIGGER_TYPES,
  ABI_TYPE_BYTES,
  ABI_VERSION,
  BATCH_BYTES,
  BOX_INFO_BYTES,
} from '../abi.js';
import { GENERATED, snake } from './text.js';

export function generateRust(): string {
  const records = ABI_RECORDS.map((record) => {
    const fields = record.fields.map((f) => `    /// ${f.doc}\n    pub ${snake(f.name)}: ${f.type},`);
    const bytes = record.fields.reduce((sum, f) => sum + ABI_TYPE_BYTES[f.type], 0);
    const last = record.fields.at(-1);
    const unlike = bytes !== record.bytes || (last && last.offset + ABI_TYPE_BYTES[last.type] !== bytes);
    if (unlike) throw new Error(`${record.name} has a gap, which its size would not show`);
    return `/// ${record.doc}
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ${record.name} {
${fields.join('\n')}
}

// The sum of the sizes of all fields: none is anywhere but behind the one before.
const _: () = assert!(core::mem::size_of::<${record.name}>() == ${record.bytes});`;
  });
  const triggers = Object.entries(ABI_TRIGGER_TYPES).map(([n, v]) => `pub const TRIGGER_${n}: u8 = ${v};`);
  const kinds = Object.entries(ABI_SETTING_KINDS).map(([n, v]) => `pub const SETTING_${n}: u8 = ${v};`);
  const others = Object.entries(ABI_CONSTANTS).flatMap(([prefix, numbers]) => [
    ...Object.entries(numbers).map(([name, n]) => `pub const ${prefix}_${name}: u8 = ${n};`),
    '',
  ]);
  const levels = ABI_LOG_LEVELS.map((name, n) => `pub const LOG_${name.toUpperCase()}: i32 = ${n};`);
  return `// ${GENERATED}

pub const ABI_VERSION: i32 = ${ABI_VERSION};
pub const BATCH_BYTES: usize = ${BATCH_BYTES};
pub const BOX_INFO_BYTES: usize = ${BOX_INFO_BYTES};

${[...triggers, '', ...kinds, '', ...others, ...levels].join('\n')}

${records.join('\n\n')}
`;
}
