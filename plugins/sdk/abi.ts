/**
 * ABI v2 between the host and a WebAssembly plugin: the layouts of its records, written down once. `npm run abi` makes the TypeScript
 * accessors and the AssemblyScript, C and Rust headers from this table; a test fails when one of them is not current.
 * Everything is little endian, every field at its natural alignment, so that a C struct or `#[repr(C)]` has the same layout.
 */
import type { Metric } from '../../proto/columns.js';
import type { TriggerType } from '../../proto/messages.js';

/** What `makai_abi_version()` returns. */
export const ABI_VERSION = 2;

/** Most bytes of a batch: the host asks `makai_alloc` for them once. */
export const BATCH_BYTES = 65_536;

export type AbiType = 'f64' | 'f32' | 'u32' | 'u16' | 'u8';

export const ABI_TYPE_BYTES: Record<AbiType, number> = { f64: 8, f32: 4, u32: 4, u16: 2, u8: 1 };

export interface AbiField {
  /** in camelCase; the generators for C and Rust make snake_case of it */
  name: string;
  type: AbiType;
  offset: number;
  doc: string;
  /** where the value is in MeasurementColumns; undefined: always 0, or not part of a measurement */
  column?: string;
}

export interface AbiRecord {
  name: string;
  doc: string;
  bytes: number;
  fields: readonly AbiField[];
}

const METRIC_DOC: Record<Metric, string> = {
  f: 'frequency, Hz',
  rms: 'voltage, V RMS',
  thd: 'total harmonic distortion, a fraction (0.05 = 5 %)',
  trans: 'transient magnitude',
};

function metricFields(metric: Metric, offset: number): AbiField[] {
  const parts = [
    ['min', 'lowest single cycle'],
    ['average', 'mean over the cycles'],
    ['max', 'highest single cycle'],
  ] as const;
  return parts.map(([part, doc], i) => ({
    name: `${metric}${part.charAt(0).toUpperCase()}${part.slice(1)}`,
    type: 'f32',
    offset: offset + 4 * i,
    doc: `${METRIC_DOC[metric]}: ${doc}; NaN = not sent`,
    column: `${metric}.${part}`,
  }));
}

/** One measurement, as `makai_process` finds them in a row. */
export const MEASUREMENT_RECORD: AbiRecord = {
  name: 'Measurement',
  doc: 'One measurement of one box.',
  bytes: 64,
  fields: [
    { name: 'timestampMs', type: 'f64', offset: 0, doc: 'Unix milliseconds UTC', column: 'timestampMs' },
    { name: 'boxId', type: 'u32', offset: 8, doc: 'id of the box', column: 'boxId' },
    {
      name: 'invalid',
      type: 'u8',
      offset: 12,
      doc: 'bits 0 to 3: f, rms, thd, trans arrived as infinity or NaN (a dead input) and were left out',
      column: 'invalid',
    },
    { name: 'dialect', type: 'u8', offset: 13, doc: '2 or 3: a Box 2 or a Box 3', column: 'dialect' },
    {
      name: 'flags',
      type: 'u8',
      offset: 14,
      doc: 'bits 0 to 2: measured during a sag, a swell, an interruption, or directly after it: frequency, THD and transient are not reliable',
      column: 'flags',
    },
    { name: 'reserved', type: 'u8', offset: 15, doc: 'always 0' },
    ...metricFields('f', 16),
    ...metricFields('rms', 28),
    ...metricFields('thd', 40),
    ...metricFields('trans', 52),
  ],
};

/** One event request, as `makai_requests` points at them in a row. */
export const EVENT_REQUEST_RECORD: AbiRecord = {
  name: 'EventRequest',
  doc: 'A request for the waveforms of some boxes in a window of time.',
  bytes: 48,
  fields: [
    { name: 'startMs', type: 'f64', offset: 0, doc: 'start of the window, Unix milliseconds UTC' },
    { name: 'endMs', type: 'f64', offset: 8, doc: 'end of the window, Unix milliseconds UTC' },
    {
      name: 'percentMagnitude',
      type: 'f64',
      offset: 16,
      doc: 'largest deviation from the reference, in percent of the reference, positive',
    },
    { name: 'boxIds', type: 'u32', offset: 24, doc: 'address of the box ids, each a u32' },
    { name: 'boxCount', type: 'u32', offset: 28, doc: 'number of box ids' },
    { name: 'description', type: 'u32', offset: 32, doc: 'address of the description, UTF-8' },
    { name: 'descriptionBytes', type: 'u32', offset: 36, doc: 'length of the description in bytes' },
    { name: 'triggerType', type: 'u8', offset: 40, doc: 'one of the TRIGGER constants' },
    {
      name: 'requestData',
      type: 'u8',
      offset: 41,
      doc: '1: ask for waveforms; 0: store the event without waveforms',
    },
    {
      name: 'urgent',
      type: 'u8',
      offset: 42,
      doc: '1: an event of its own, without delay; 0: it may wait for requests of other boxes and become one event with them',
    },
    { name: 'reserved0', type: 'u8', offset: 43, doc: 'not read' },
    {
      name: 'familyMs',
      type: 'u32',
      offset: 44,
      doc: 'if one deviation is requested in several windows: ms from the start of the first window to the start of this one; 0: this is the first or only one',
    },
  ],
};

/** One setting, as `makai_configure` finds them in a row: this head, then the path, then the text, then zeros up to a multiple of 8. */
export const SETTING_RECORD: AbiRecord = {
  name: 'Setting',
  doc: 'The head of one setting. Its path and its text, both UTF-8, follow it.',
  bytes: 24,
  fields: [
    {
      name: 'value',
      type: 'f64',
      offset: 0,
      doc: 'the number; 1 or 0 for true or false; for a list or an object how many items it has',
    },
    { name: 'bytes', type: 'u32', offset: 8, doc: 'bytes up to the next setting, a multiple of 8' },
    { name: 'textBytes', type: 'u32', offset: 12, doc: 'length of the text in bytes' },
    {
      name: 'pathBytes',
      type: 'u16',
      offset: 16,
      doc: 'length of the path in bytes; a path has the names from the outermost to the innermost, such as limits.0.low',
    },
    { name: 'kind', type: 'u8', offset: 18, doc: 'one of the SETTING constants' },
    { name: 'read', type: 'u8', offset: 19, doc: 'always 0; for the plugin to mark what it has read' },
    { name: 'reserved', type: 'u32', offset: 20, doc: 'always 0' },
  ],
};

/** What is known of a box, as `makai.box` writes it; up to 64 bytes of its location, UTF-8, follow. */
export const BOX_INFO_RECORD: AbiRecord = {
  name: 'BoxInfo',
  doc: 'What is known of a box. Its location, UTF-8, follows.',
  bytes: 32,
  fields: [
    { name: 'nominalVoltage', type: 'f64', offset: 0, doc: 'V RMS' },
    { name: 'nominalFrequency', type: 'f64', offset: 8, doc: 'Hz' },
    { name: 'calibration', type: 'f64', offset: 16, doc: 'counts per volt; 1 when not known' },
    { name: 'boxId', type: 'u32', offset: 24, doc: 'id of the box' },
    { name: 'locationBytes', type: 'u8', offset: 28, doc: 'length of the location in bytes, at most 64' },
    {
      name: 'recorded',
      type: 'u8',
      offset: 29,
      doc: '1: the store has a record of the box; 0: these are defaults',
    },
    { name: 'reserved', type: 'u16', offset: 30, doc: 'always 0' },
  ],
};

/** Bytes that `makai.box` may write: the record and the longest location. */
export const BOX_INFO_BYTES = 96;

/** What `makai.incident` reads. */
export const INCIDENT_RECORD: AbiRecord = {
  name: 'Incident',
  doc: 'Something that the plugin found: stored as an incident.',
  bytes: 48,
  fields: [
    { name: 'startMs', type: 'f64', offset: 0, doc: 'Unix milliseconds UTC' },
    { name: 'endMs', type: 'f64', offset: 8, doc: 'Unix milliseconds UTC' },
    {
      name: 'deviation',
      type: 'f64',
      offset: 16,
      doc: 'the largest deviation, signed, in the unit of the quantity',
    },
    { name: 'boxId', type: 'u32', offset: 24, doc: 'id of the box' },
    { name: 'className', type: 'u32', offset: 28, doc: 'address of the class, a name of your own' },
    { name: 'classBytes', type: 'u32', offset: 32, doc: 'length of the class in bytes' },
    { name: 'description', type: 'u32', offset: 36, doc: 'address of the description, UTF-8' },
    { name: 'descriptionBytes', type: 'u32', offset: 40, doc: 'length of the description in bytes' },
    { name: 'quantity', type: 'u8', offset: 44, doc: 'one of the QUANTITY constants' },
    { name: 'reserved0', type: 'u8', offset: 45, doc: 'not read' },
    { name: 'reserved1', type: 'u16', offset: 46, doc: 'not read' },
  ],
};

/** `quantity` of an incident. */
export const ABI_QUANTITIES = { VOLTAGE: 1, FREQUENCY: 2, THD: 3, TRANSIENT: 4, HEALTH: 5 } as const;

/** The last argument of `makai_history`. A trend has the layout of a measurement: its time is the end of the minute. */
export const ABI_HISTORY_KINDS = { MEASUREMENT: 1, TREND: 2 } as const;

/** `kind` of a setting. A list or an object comes before what is in it. */
export const ABI_SETTING_KINDS = { NUMBER: 1, FLAG: 2, TEXT: 3, LIST: 4, OBJECT: 5, NULL: 6 } as const;

export const ABI_RECORDS = [
  MEASUREMENT_RECORD,
  EVENT_REQUEST_RECORD,
  INCIDENT_RECORD,
  BOX_INFO_RECORD,
  SETTING_RECORD,
] as const;

/** Constants of the headers besides trigger types, kinds of settings and log levels: prefix → name → number. */
export const ABI_CONSTANTS = { QUANTITY: ABI_QUANTITIES, HISTORY: ABI_HISTORY_KINDS } as const;

/** `triggerType` of an event request; the numbers are those of opq.proto. */
export const ABI_TRIGGER_TYPES: Record<TriggerType, number> = {
  FREQUENCY_SAG: 1,
  FREQUENCY_SWELL: 2,
  VOLTAGE_SAG: 3,
  VOLTAGE_SWELL: 4,
  OTHER: 5,
};

/** The first argument of `makai.log`. */
export const ABI_LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Functions a module exports: name → [parameters, results] as WebAssembly types. `memory` is exported besides. */
export const ABI_EXPORTS = {
  makai_abi_version: [[], ['i32']],
  makai_alloc: [['i32'], ['i32']],
  makai_configure: [['i32', 'i32'], ['i32']],
  makai_process: [['i32', 'i32'], ['i32']],
  makai_requests: [[], ['i32']],
} as const satisfies Record<string, readonly [readonly string[], readonly string[]]>;

/** Functions a module may export: called when they are there. */
export const ABI_OPTIONAL_EXPORTS = {
  makai_unload: [[], ['i32']],
  makai_history: [['i32', 'i32', 'i32'], []],
} as const satisfies Record<string, readonly [readonly string[], readonly string[]]>;

/** Functions the host offers, from the module `makai`. Nothing else may be imported. */
export const ABI_IMPORTS = {
  log: [['i32', 'i32', 'i32'], []],
  now_ms: [[], ['f64']],
  box: [['i32', 'i32'], []],
  next_box: [['i32'], ['i32']],
  history: [['i32', 'f64', 'f64'], ['i32']],
  state_get: [['i32', 'i32'], ['i32']],
  state_set: [['i32', 'i32'], ['i32']],
  value: [['i32', 'i32', 'i32', 'f64', 'f64'], []],
  incident: [['i32'], []],
} as const satisfies Record<string, readonly [readonly string[], readonly string[]]>;

/** Most measurements in one call of `makai_process`. */
export const BATCH_MEASUREMENTS = BATCH_BYTES / MEASUREMENT_RECORD.bytes;
