/** The text of docs/plugin-abi.md, generated from the same tables as host and headers. */

import * as limits from '../plugin-host/limits.js';
import { MAX_MODULE_BYTES } from '../plugin-host/wasm-limits.js';
import {
  ABI_EXPORTS,
  ABI_HISTORY_KINDS,
  ABI_IMPORTS,
  ABI_LOG_LEVELS,
  ABI_OPTIONAL_EXPORTS,
  ABI_QUANTITIES,
  ABI_RECORDS,
  ABI_SETTING_KINDS,
  ABI_TRIGGER_TYPES,
  ABI_VERSION,
  type AbiRecord,
  BATCH_BYTES,
  BATCH_MEASUREMENTS,
  BOX_INFO_BYTES,
} from '../plugins/sdk/abi.js';

/** What each function does. A function of the ABI that is missing here is a compiler error. */
const EXPORTS: Record<keyof typeof ABI_EXPORTS | keyof typeof ABI_OPTIONAL_EXPORTS, string> = {
  makai_abi_version: `Returns ${ABI_VERSION}.`,
  makai_alloc:
    'Gets a number of bytes. Returns the address of a buffer of this size for the host to write to, a multiple of 8, or 0 without memory. Called once for the settings and once for ' +
    `the batch buffer of ${BATCH_BYTES} bytes; both may be the same place. Nothing is freed.`,
  makai_configure:
    'Called once, first. Gets address and length of the settings, as consecutive records of type Setting: the entry of the configuration without its `path`. ' +
    'Returns 0. With any other number, of your choice, the plugin is refused; say why with `makai.log`.',
  makai_process:
    'Gets address and number of measurements, in consecutive records. A call without measurements is a tick: it comes about once per second, ' +
    'also when boxes are silent; `makai.now_ms` returns the time. Returns the number of requests.',
  makai_requests: 'Returns the address of the requests of the last call. They are read before the next call.',
  makai_history:
    'Optional. Called before the first batch, once or more, with the history that `makai_configure` requested. Gets address and number of records of the type Measurement, and what they are ' +
    `(${Object.entries(ABI_HISTORY_KINDS)
      .map(([name, n]) => `${n} ${name}`)
      .join(', ')}; a trend has the same layout, its time is the end of the minute). Oldest first.`,
  makai_unload: 'Optional. Called once, last. Returns the number of requests.',
};

const IMPORTS: Record<keyof typeof ABI_IMPORTS, string> = {
  log: `Level (${ABI_LOG_LEVELS.map((name, i) => `${i} ${name}`).join(', ')}), address and length of a line of UTF-8.`,
  now_ms: 'Unix milliseconds UTC; in a replay the time of the recording.',
  box: `Id of a box, and the address of ${BOX_INFO_BYTES} bytes for a record of type BoxInfo and its location.`,
  next_box:
    'Returns the lowest id above this one that has a record in the store, or -1 at the end. Begin with -1.',
  history:
    'Only in `makai_configure`: requests the stored measurements and trends of a box, by id, start and end (Unix ms). Returns 1 if `makai_history` will be called with them, else 0.',
  state_get:
    'Address and size of a buffer for the saved state; as much as fits is copied. Returns the full length of the state, or -1 if none was saved.',
  state_set: `Address and length of up to ${limits.MAX_STATE_BYTES} bytes to save as the state, which survives restarts. Returns 0, or 1 if they are too many.`,
  value: 'Address and length of the name of a series, id of the box, time in Unix ms, value.',
  incident: 'Address of a record of type Incident.',
};

type Signature = readonly [readonly string[], readonly string[]];

/** Markdown. */
export function pluginAbiReference(): string {
  const exports = Object.entries({ ...ABI_EXPORTS, ...ABI_OPTIONAL_EXPORTS } as Record<string, Signature>);
  return [
    `# ABI v${ABI_VERSION} of WebAssembly plugins`,
    'The binary interface (ABI) between the daemon (the host) and a WebAssembly plugin (a module), byte by byte. [plugins.md](plugins.md) describes it in general. The SDK has these records as headers for AssemblyScript, C, C++ and Rust.',
    '## Exports',
    'A module exports its `memory`, which it defines itself (one memory, 32-bit addresses, not shared), and these functions:',
    functions(exports, (name) => EXPORTS[name as keyof typeof EXPORTS]),
    '## Imports',
    'A module may import these functions from the module `makai`, and nothing else. The second column lists parameters and result.',
    functions(Object.entries(ABI_IMPORTS), (name) => IMPORTS[name as keyof typeof IMPORTS]),
    '## Records',
    'Little endian, every field at a multiple of its size, without gaps: a C struct or a Rust `#[repr(C)]` has the same layout.',
    ...ABI_RECORDS.map(record),
    '`triggerType`: ' +
      Object.entries(ABI_TRIGGER_TYPES)
        .map(([name, n]) => `${n} ${name}`)
        .join(', ') +
      '.',
    '`quantity`: ' +
      Object.entries(ABI_QUANTITIES)
        .map(([name, n]) => `${n} ${name}`)
        .join(', ') +
      '.',
    'Settings that are nested become paths: `{"limits": [{"low": 1}]}` arrives as `limits` (a list of 1 item), `limits.0` (an object of 1) and `limits.0.low` (a number). ' +
      'A name with a dot is refused. `kind`: ' +
      Object.entries(ABI_SETTING_KINDS)
        .map(([name, n]) => `${n} ${name}`)
        .join(', ') +
      '.',
    '## Limits',
    limitTable(),
  ].join('\n\n');
}

function functions(
  entries: readonly (readonly [string, Signature])[],
  doc: (name: string) => string,
): string {
  const rows = entries.map(([name, [parameters, results]]) => {
    const type = `(${parameters.join(', ')}) → ${results.length === 0 ? 'nothing' : results.join(', ')}`;
    return `| \`${name}\` | ${type} | ${doc(name)} |`;
  });
  return ['| function | type | |', '|---|---|---|', ...rows].join('\n');
}

function record({ name, doc, bytes, fields }: AbiRecord): string {
  const rows = fields.map((f) => `| ${f.offset} | ${f.type} | \`${f.name}\` | ${f.doc} |`);
  return [
    `### ${name}: ${bytes} bytes\n\n${doc}\n\n| byte | type | field | |`,
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function limitTable(): string {
  const n = (value: number) => value.toLocaleString('en-US');
  const { batchMs, loadMs, unloadMs, memoryMb, queueBatches } = limits.DEFAULT_PLUGIN_LIMITS;
  const rows: [string, string, string][] = [
    ['measurements in a call', n(BATCH_MEASUREMENTS), 'never more'],
    ['time for a call', `${n(batchMs)} ms (\`plugin_limits.batch_ms\`)`, 'the plugin is restarted'],
    ['time to load and configure, to unload', `${n(loadMs)} ms, ${n(unloadMs)} ms`, 'the same'],
    [
      'memory',
      `${n(memoryMb)} MiB (\`plugin_limits.memory_mb\`)`,
      'WebAssembly: `memory.grow` fails. JavaScript: the plugin is restarted',
    ],
    ['size of a module', `${n(MAX_MODULE_BYTES / 2 ** 20)} MiB`, 'refused'],
    [
      'batches that wait',
      `${n(queueBatches)} (\`plugin_limits.queue_batches\`)`,
      'the oldest are dropped and counted',
    ],
    [
      'requests of one call',
      n(limits.MAX_REQUESTS_PER_CALL),
      'those beyond the limit are not read, and are counted',
    ],
    [
      'requests',
      `${n(limits.REQUESTS_PER_SECOND)} per second, bursts of ${n(limits.REQUEST_BURST)}`,
      'the same',
    ],
    [
      'boxes of one request, of one call',
      `${n(limits.MAX_BOX_IDS)}, ${n(limits.MAX_BOX_IDS_PER_CALL)}`,
      'the request is refused, and counted',
    ],
    ['length of a description', `${n(limits.MAX_DESCRIPTION)} characters`, 'truncated'],
    [
      'log lines',
      `${n(limits.LOGS_PER_SECOND)} per second, bursts of ${n(limits.LOG_BURST)}, ${n(limits.MAX_LOG_LINE)} characters`,
      'dropped and counted; truncated',
    ],
  ];
  return [
    '| what | limit | beyond it |',
    '|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}
