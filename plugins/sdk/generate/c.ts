/** A header for C and C++: structs whose layout the compiler checks. */
import {
  ABI_CONSTANTS,
  ABI_LOG_LEVELS,
  ABI_RECORDS,
  ABI_SETTING_KINDS,
  ABI_TRIGGER_TYPES,
  ABI_VERSION,
  type AbiType,
  BATCH_BYTES,
  BOX_INFO_BYTES,
} from '../abi.js';
import { GENERATED, snake } from './text.js';

const TYPE: Record<AbiType, string> = {
  f64: 'double',
  f32: 'float',
  u32: 'uint32_t',
  u16: 'uint16_t',
  u8: 'uint8_t',
};

export function generateC(): string {
  const records = ABI_RECORDS.map((record) => {
    const name = `makai${snake(record.name)}`;
    const fields = record.fields.map((f) => `  /* ${f.doc} */\n  ${TYPE[f.type]} ${snake(f.name)};`);
    const checks = record.fields.map(
      (f) => `MAKAI_ASSERT(offsetof(${name}, ${snake(f.name)}) == ${f.offset}, "${name}.${snake(f.name)}");`,
    );
    return `/* ${record.doc} */
typedef struct ${name} {
${fields.join('\n')}
} ${name};
${checks.join('\n')}
MAKAI_ASSERT(sizeof(${name}) == ${record.bytes}, "${name}");`;
  });
  const triggers = Object.entries(ABI_TRIGGER_TYPES).map(([name, n]) => `#define MAKAI_TRIGGER_${name} ${n}`);
  const kinds = Object.entries(ABI_SETTING_KINDS).map(([name, n]) => `#define MAKAI_SETTING_${name} ${n}`);
  const others = Object.entries(ABI_CONSTANTS).flatMap(([prefix, numbers]) => [
    ...Object.entries(numbers).map(([name, n]) => `#define MAKAI_${prefix}_${name} ${n}`),
    '',
  ]);
  const levels = ABI_LOG_LEVELS.map((name, n) => `#define MAKAI_LOG_${name.toUpperCase()} ${n}`);
  return `/* ${GENERATED} */
#ifndef MAKAI_ABI_H
#define MAKAI_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define MAKAI_ASSERT(condition, text) static_assert(condition, text)
#define MAKAI_EXTERN_C extern "C"
#else
#define MAKAI_ASSERT(condition, text) _Static_assert(condition, text)
#define MAKAI_EXTERN_C
#endif

#define MAKAI_ABI_VERSION ${ABI_VERSION}
#define MAKAI_BATCH_BYTES ${BATCH_BYTES}
/* What makai_read_box may write: the record and up to 64 bytes of the location. */
#define MAKAI_BOX_INFO_BYTES ${BOX_INFO_BYTES}

${[...triggers, '', ...kinds, '', ...others, ...levels].join('\n')}

${records.join('\n\n')}

/* What the host offers. */
#define MAKAI_IMPORT(name) MAKAI_EXTERN_C __attribute__((import_module("makai"), import_name(#name)))
MAKAI_IMPORT(log) void makai_log(int32_t level, const char *text, uint32_t bytes);
MAKAI_IMPORT(now_ms) double makai_now_ms(void);
/* Writes a makai_box_info and the location behind it: MAKAI_BOX_INFO_BYTES at a multiple of 8. */
MAKAI_IMPORT(box) void makai_read_box(uint32_t box_id, void *to);
/* The lowest recorded id above \`after\` (begin with -1); -1: there is none. */
MAKAI_IMPORT(next_box) int32_t makai_next_box(int32_t after);
/* In makai_configure: asks for what is stored of a box. 1: makai_history will be called with it; 0: it will not. */
MAKAI_IMPORT(history) int32_t makai_ask_history(uint32_t box_id, double from_ms, double to_ms);
/* Copies what was kept, up to \`room\` bytes. Returns its length; -1: nothing was kept. */
MAKAI_IMPORT(state_get) int32_t makai_state_get(void *to, uint32_t room);
/* Keeps up to 65536 bytes over restarts. Returns 0; 1: there were too many. */
MAKAI_IMPORT(state_set) int32_t makai_state_set(const void *from, uint32_t bytes);
/* One value of a series; makai_record in makai.h takes a text. */
MAKAI_IMPORT(value) void makai_value(const char *series, uint32_t bytes, uint32_t box_id, double timestamp_ms, double value);
/* Something that was found; makai_found in makai.h takes texts. */
MAKAI_IMPORT(incident) void makai_report(const makai_incident *incident);

/* What a plugin defines, each with MAKAI_EXPORT before it; the linker exports \`memory\`. */
#define MAKAI_EXPORT(name) MAKAI_EXTERN_C __attribute__((export_name(#name)))
MAKAI_EXPORT(makai_abi_version) int32_t makai_abi_version(void);
MAKAI_EXPORT(makai_alloc) void *makai_alloc(uint32_t bytes);
MAKAI_EXPORT(makai_configure) int32_t makai_configure(makai_setting *settings, uint32_t bytes);
MAKAI_EXPORT(makai_process) uint32_t makai_process(const makai_measurement *measurements, uint32_t count);
MAKAI_EXPORT(makai_requests) const makai_event_request *makai_requests(void);
/* Need not be there; called once, last, it returns a number of requests as makai_process does. */
MAKAI_EXPORT(makai_unload) uint32_t makai_unload(void);
/* Need not be there: stored measurements or trends that makai_configure asked for, one of the HISTORY constants. */
MAKAI_EXPORT(makai_history) void makai_history(const makai_measurement *rows, uint32_t count, uint32_t kind);

#endif
`;
}
