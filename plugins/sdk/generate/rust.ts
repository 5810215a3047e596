/** `#[repr(C)]` structs whose layout the compiler checks. */
import { ABI_LOG_LEVELS, ABI_RECORDS, ABI_TRIGGER_TYPES, ABI_VERSION, BATCH_BYTES } from '../abi.js';
import { GENERATED, snake } from './text.js';

export function generateRust(): string {
  const records = ABI_RECORDS.map((record) => {
    const fields = record.fields.map((f) => `    /// ${f.doc}\n    pub ${snake(f.name)}: ${f.type},`);
    const checks = record.fields.map(
      (f) => `    assert!(core::mem::offset_of!(${record.name}, ${snake(f.name)}) == ${f.offset});`,
    );
    return `/// ${record.doc}
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ${record.name} {
${fields.join('\n')}
}

const _: () = {
${checks.join('\n')}
    assert!(core::mem::size_of::<${record.name}>() == ${record.bytes});
};`;
  });
  const triggers = Object.entries(ABI_TRIGGER_TYPES).map(([n, v]) => `pub const TRIGGER_${n}: u8 = ${v};`);
  const levels = ABI_LOG_LEVELS.map((name, n) => `pub const LOG_${name.toUpperCase()}: i32 = ${n};`);
  return `// ${GENERATED}

pub const ABI_VERSION: i32 = ${ABI_VERSION};
pub const BATCH_BYTES: usize = ${BATCH_BYTES};

${[...triggers, '', ...levels].join('\n')}

${records.join('\n\n')}
`;
}
